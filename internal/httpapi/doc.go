// Package httpapi is the way in: GraphQL over HTTP, the playground, and what an operator's tools ask. It bounds what a request may cost before
// it is understood. It knows nothing of people or sources.
package httpapi
