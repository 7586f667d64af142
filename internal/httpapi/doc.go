// Package httpapi is the HTTP server: GraphQL over HTTP, WebSocket and SSE, the playground, and the endpoints for operators. It limits what a request may cost
// before the request is processed. It knows nothing of people or sources.
package httpapi
