package httpapi

import "time"

// Limits limit requests. If all are zero, DefaultLimits apply. A single zero allows nothing, except for Requests and MinRate.
type Limits struct {
	// BodyBytes is the greatest length of a request's body or a WebSocket message; HeaderBytes, of all headers of a request.
	BodyBytes, HeaderBytes int
	// Tokens, Depth, Fields, Aliases, Directives, RootFields and Fragments limit a document. Pairs limits the work of validation: the number of pairs of
	// fields with one name in one place.
	Tokens, Depth, Fields, Aliases, Directives, RootFields, Fragments, Pairs int
	// Cost is the greatest cost of an operation; see package cost.
	Cost int
	// VariablesBytes is the greatest length of variables as JSON; VariablesDepth, their nesting depth.
	VariablesBytes, VariablesDepth int
	// ListItems is the greatest number of items in all lists of a document and its variables.
	ListItems int
	// Errors is the greatest number of errors in an answer.
	Errors int
	// AnswerBytes is the greatest length of an answer's data; PendingAnswerBytes, of all answers that are being made or wait to be written.
	AnswerBytes, PendingAnswerBytes int
	// OperationTime limits the duration of an operation that is not a subscription.
	OperationTime time.Duration
	// Operations is the number of operations that may run at the same time; CallerOperations, that of one caller.
	Operations, CallerOperations int
	// RunningCost is the total cost of the operations that may run at the same time.
	RunningCost int
	// CallerShare is the percentage of each shared resource that one caller may hold: of RunningCost, PendingAnswerBytes, Streams, Exports, and the large bodies
	// that are read at the same time.
	CallerShare int
	// AnonymousShare is the percentage of each of these resources, and of Operations, that all anonymous callers together may hold. It is 100 if all
	// callers are anonymous.
	AnonymousShare int
	// Requests is the number of requests of a caller in RequestsPer; zero for no limit.
	Requests    int
	RequestsPer time.Duration
	// Connections is the number of open connections; AddressConnections, of those from one address.
	Connections, AddressConnections int
	// HeaderTime limits the time for a request's headers; BodyTime, that for the whole request or a WebSocket message; AnswerTime, that for receiving an
	// answer; IdleTime, that of a connection without a request.
	HeaderTime, BodyTime, AnswerTime, IdleTime time.Duration
	// MinRate is the number of bytes per second that a client must send of a body or message, and receive of an answer, while the server waits for it;
	// zero for no limit. MinRateGrace is the time by which it may be late.
	MinRate      int
	MinRateGrace time.Duration
	// StreamOperations is the number of operations that may run at the same time on one WebSocket. A WebSocket without any for StreamIdle is closed.
	StreamOperations int
	StreamIdle       time.Duration
	// Streams is the number of open WebSockets and subscriptions.
	Streams int
	// Exports is the number of exports that may run at the same time; ExportTime, the time for receiving one.
	Exports    int
	ExportTime time.Duration
	// FetchBytes is the number of bytes of sources' answers in memory. The HTTP server itself does not use it.
	FetchBytes int
}

// DefaultLimits returns the default limits of a configuration.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes: 1 << 20, HeaderBytes: 64 << 10,
		Tokens: 5_000, Depth: 12, Fields: 2_000, Aliases: 200, Directives: 200, RootFields: 100, Fragments: 200, Pairs: 20_000,
		Cost:           500_000,
		VariablesBytes: 512 << 10, VariablesDepth: 16, ListItems: 5_000,
		Errors: 100, AnswerBytes: 32 << 20, PendingAnswerBytes: 256 << 20,
		OperationTime: 15 * time.Second,
		Operations:    256, CallerOperations: 64, RunningCost: 2_000_000, CallerShare: 25, AnonymousShare: 100,
		Requests: 6_000, RequestsPer: time.Minute,
		Connections: 2_000, AddressConnections: 200,
		HeaderTime: 5 * time.Second, BodyTime: 15 * time.Second, AnswerTime: time.Minute, IdleTime: 2 * time.Minute,
		MinRate: 4 << 10, MinRateGrace: 5 * time.Second,
		StreamOperations: 50, StreamIdle: time.Hour, Streams: 1_000,
		Exports: 8, ExportTime: 10 * time.Minute,
		FetchBytes: 128 << 20,
	}
}
