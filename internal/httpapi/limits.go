package httpapi

import "time"

// Limits bound what a request may ask. Where all are zero, those of DefaultLimits hold; apart from Requests and MinRate, a single zero lets nothing through.
type Limits struct {
	// BodyBytes is how long a request's body, or a message of a WebSocket, may be; HeaderBytes all its headers.
	BodyBytes, HeaderBytes int
	// Tokens, Depth, Fields, Aliases, Directives, RootFields and Fragments bound a document, and Pairs the work of checking it: how many pairs of its
	// fields have one name in one place.
	Tokens, Depth, Fields, Aliases, Directives, RootFields, Fragments, Pairs int
	// Cost is what an operation may cost, as package cost has it.
	Cost int
	// VariablesBytes is how long variables may be as JSON, VariablesDepth how deep they may nest.
	VariablesBytes, VariablesDepth int
	// ListItems is how many items the lists in a document and in its variables may have together.
	ListItems int
	// Errors are shown in one answer.
	Errors int
	// AnswerBytes is how long the data of one answer may be; PendingAnswerBytes how long all answers together that are made or wait to be written.
	AnswerBytes, PendingAnswerBytes int
	// OperationTime bounds one operation, unless it is a subscription.
	OperationTime time.Duration
	// Operations run at a time, in all; CallerOperations for one caller.
	Operations, CallerOperations int
	// RunningCost is what all that run at a time may cost together.
	RunningCost int
	// CallerShare is how much of each resource that callers share one of them may hold, in percent: of RunningCost, PendingAnswerBytes, Streams and the
	// large bodies that are read at a time.
	CallerShare int
	// AnonymousShare is how much of each of these, and of Operations, all anonymous callers may hold together, in percent. It is 100
	// where all callers are anonymous.
	AnonymousShare int
	// Requests are what a caller may send in RequestsPer; zero for no bound.
	Requests    int
	RequestsPer time.Duration
	// Connections are open at a time, in all; AddressConnections from one address.
	Connections, AddressConnections int
	// HeaderTime, BodyTime and AnswerTime are how long a client may take to send a request's headers, all of it or a message of a WebSocket, and to take
	// its answer; IdleTime is how long a connection without a request stays open.
	HeaderTime, BodyTime, AnswerTime, IdleTime time.Duration
	// MinRate is how many bytes in a second a client has to send of a body or a message, and to take of an answer, while the server waits for it; zero
	// for no bound. MinRateGrace is by how much it may be late.
	MinRate      int
	MinRateGrace time.Duration
	// StreamOperations run at a time on one WebSocket; one that runs none for StreamIdle is closed.
	StreamOperations int
	StreamIdle       time.Duration
	// Streams are open at a time, in all: WebSockets and subscriptions.
	Streams int
	// FetchBytes is how many bytes of answers the sources may hold at a time, all together. The server itself does not go by it.
	FetchBytes int
}

// DefaultLimits are those of a configuration that says nothing of them.
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
		FetchBytes: 128 << 20,
	}
}
