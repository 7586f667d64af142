package httpapi

// Certificates is for tests outside of the package.
var Certificates = certificates
