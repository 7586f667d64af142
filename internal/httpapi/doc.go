// Package httpapi is the HTTP server: GraphQL over HTTP, WebSocket and SSE, the pages for a browser, and the endpoints for operators. It limits what a request may cost
// before the request is processed. It knows nothing of people or sources.
//
// # Files
//
// The server and its connections:
//
//   - handler.go, serve.go, drain.go: the routes; running and stopping the server
//   - listener.go, refusedconn.go, tls.go: connections, their number, the answer to those beyond a limit, certificates
//   - proxies.go: the address of the client behind a trusted proxy
//   - deadline.go, direct_unix.go, direct_other.go: fewer timers and packets of a connection
//   - minrate.go, slowreader.go, slowsender.go, slowstream.go: the minimum rate of clients
//   - admin.go: health, readiness and metrics for operators
//   - host.go, origin.go: rejection of foreign host names, and CORS
//
// The transports:
//
//   - graphql.go: the handler of /graphql
//   - accept.go, decompress.go, request.go, paramsreader.go: media types, compressed bodies, reading requests
//   - answer.go, compress.go, validator.go, cachedheaders.go: writing answers, compressing them, entity tags, headers of cached answers
//   - socket.go, handshake.go, message.go, receive.go: WebSockets
//   - events.go: server-sent events
//   - schema.go: the schema as a file
//   - export.go, exportpages.go: lists as CSV files
//   - changes.go: changes as server-sent events without GraphQL
//   - hooks.go: webhooks of sources
//
// The caller and the limits:
//
//   - authenticate.go, caller.go: who the caller is, and which limits apply to the caller
//   - limits.go, exceeded.go, refusal.go: the limits, how a refusal because of a limit is made, and any other refusal
//   - share.go, slots.go, answercost.go: what one caller may use of what callers share, and what an operation or an answer of a stream uses of it
//   - measure.go, documentbounds.go, answerbounds.go: the bounds of JSON, documents and answers
//
// An operation:
//
//   - stream.go, operation.go, operationcontext.go: executing an operation, over any transport
//   - reuse.go, deliver.go: answers that other operations get too
//   - documents.go, documentcache.go, persisted.go: parsed documents, those that are kept, and documents by hash
//   - introspection.go: who may read the schema
//   - observe.go, outcome.go: metrics and traces, outcomes of operations
//
// # Refusals
//
// These files have the messages of refusals because of a limit, by HTTP status. The function exceeded makes each such refusal, with the name of the
// limit:
//
//   - 429, a caller sends too much: too many requests in a period in caller.go; too much at the same time in share.go (ofCaller); webhooks in hooks.go
//   - 503, all callers together use too much: share.go (ofAll), anonymous callers share.go (ofAnonymous), connections refusedconn.go
//   - 408 and 413, a body that is too slow or too long: exceeded.go, of webhooks hooks.go
//   - 200 or 400, by the media type: a document, its variables or its cost: exceeded.go, documents.go; the answer: answerbounds.go
//   - on a WebSocket: too many operations in socket.go
//
// Other refusals: authenticate.go (401, 403), host.go and origin.go (foreign hosts and pages), persisted.go, introspection.go, operation.go (timeouts).
package httpapi
