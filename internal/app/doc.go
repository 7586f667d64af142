// Package app composes the program from its parts and the configuration: it opens the stores and the sources, serves them, and replaces one
// configuration with the next while requests arrive. The package knows neither the command line nor any protocol.
//
// The parts of one configuration are an instance: sources, snapshots, directory, presence, writes, and the handler that answers from them. A Host
// serves one instance at a time. What outlives an instance, such as the listener, the stores and the rate limits, belongs to Serve.
package app
