// Package webhook delivers the changes of the directory to receivers over HTTP: in the order of the log, at least once, signed as Standard Webhooks
// (https://www.standardwebhooks.com) describes.
//
// The package knows the log of changes by an interface, and keeps the position of each webhook in a Store. It knows neither Redis nor scopes:
// Hook.See decides what a receiver may see.
package webhook
