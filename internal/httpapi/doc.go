// Package httpapi is the HTTP server: GraphQL over HTTP, WebSocket and SSE, the playground, and the endpoints for operators. It limits what a request may cost
// before the request is processed. It knows nothing of people or sources.
//
// # Files
//
// The server and its connections:
//
//   - handler.go, serve.go, drain.go: the routes; running and stopping the server
//   - listener.go, refusedconn.go, tls.go: connections, their number, the answer to those beyond a limit, certificates
//   - proxies.go: the address of the client behind a trusted proxy
//   - minrate.go, slowreader.go, slowsender.go, slowstream.go: the minimum rate of clients
//   - admin.go: health, readiness and metrics for operators
//   - host.go, origin.go: rejection of foreign host names, and CORS
//
// The transports:
//
//   - graphql.go: the handler of /graphql; accept.go, coding.go, request.go: media types, compressed bodies, reading requests; answer.go, encoding.go,
//     validator.go: writing answers, compressing them, entity tags
//   - socket.go, handshake.go, message.go, receive.go: WebSockets
//   - events.go: server-sent events
//   - schema.go: the schema as a file
//   - export.go, exportpages.go: lists as CSV files
//
// The caller and the limits:
//
//   - authenticate.go, caller.go: who the caller is, and which limits apply to the caller
//   - limits.go, exceeded.go, refusal.go: the limits, the refusals because of a limit, and all other refusals
//   - share.go, slots.go: what one caller may use of what callers share, and what an operation uses of it
//   - measure.go, documentbounds.go, answerbounds.go: the bounds of JSON, documents and answers
//
// An operation:
//
//   - stream.go, operation.go: executing an operation, over any transport
//   - reuse.go, deliver.go: answers that other operations get too
//   - documents.go, persisted.go: parsed documents, and documents by hash
//   - introspection.go: who may read the schema
//   - observe.go, outcome.go: metrics and traces, outcomes of operations
package httpapi
