// Package http1 serves plain HTTP/1.1 requests with less processor time than net/http, and gives the connections of all others to net/http.
//
// A [Server] reads each connection by one loop (conn.go). A request is plain if all of it is in the connection's buffer after one read, it is a GET or POST of
// the path of the server, and its head has only what the simplest clients send (parse.go). The handler gets the same *http.Request that net/http would have made,
// and the client the same answer, but for the order of the header fields.
//
// Everything else is for net/http: other methods and paths, chunked bodies, bodies that arrive later than their head, long requests, upgrades, HTTP/2, and all
// that is wrong or unusual in any way. The loop never answers that. It gives the connection, and the bytes that it has read and not used, to [Server.Rest], from
// which a net/http server accepts it. From then on the connection is net/http's until its end. So the loop needs no code for errors of syntax, and what two
// parsers could read in different ways is read by net/http only.
//
// The loop saves what net/http does for each request in case it will be needed: a goroutine that notices the end of the connection, copies of the header, buffers
// between the handler and the connection, and several deadlines. The loop watches a connection only if something waits for the context of the request
// (context.go).
package http1
