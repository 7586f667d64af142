package httpapi

// Certificates is exported for tests in other packages.
var Certificates = certificates
