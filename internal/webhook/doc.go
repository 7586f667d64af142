// Package webhook delivers the changes of the directory to receivers over HTTP: in the order of the log, at least once, signed as Standard Webhooks
// (https://www.standardwebhooks.com) describes.
//
// The package knows the log of changes by an interface, and keeps where each webhook is in a Store that its user gives. It knows neither Redis nor scopes:
// what a receiver may see is decided by Hook.See.
package webhook
