package access

import (
	"context"
	"slices"
	"time"
)

// The scopes of callers. No scope includes another.
const (
	// ScopeRead is required for every operation.
	ScopeRead = "directory:read"
	// ScopeSensitive is for private data: hourly rates, phone numbers, addresses.
	ScopeSensitive = "directory:sensitive"
	// ScopeRaw is for what a source said of an account, as it said it.
	ScopeRaw = "directory:raw"
	// ScopeWrite is for mutations.
	ScopeWrite = "directory:write"
	// ScopeAdmin is for administering the server through GraphQL.
	ScopeAdmin = "directory:admin"
	// ScopeSchema is for reading the schema if introspection is off, as a federation router does.
	ScopeSchema = "directory:schema"
)

// AllScopes lists all scopes.
var AllScopes = [...]string{ScopeRead, ScopeSensitive, ScopeWrite, ScopeAdmin, ScopeSchema, ScopeRaw}

// Scopes are the scopes of a caller, each once.
type Scopes []string

// scopesOf returns those words that are scopes, in the order of AllScopes. Other words in a token are for other servers.
func scopesOf(words ...string) Scopes {
	s := Scopes{}
	for _, scope := range AllScopes {
		if slices.Contains(words, scope) {
			s = append(s, scope)
		}
	}
	return s
}

// Has reports whether the scope is among them.
func (s Scopes) Has(scope string) bool { return slices.Contains(s, scope) }

// Method is how a caller was authenticated.
type Method string

// The methods of authentication.
const (
	// ByNothing is for callers without credentials.
	ByNothing Method = "none"
	ByKey     Method = "key"
	ByToken   Method = "token"
)

// Principal is a caller: who they are and what they may do. It is immutable.
type Principal struct {
	Method Method
	// Subject is the key's name, or the issuer's name for the caller; empty without credentials. It is unique only together with Method.
	Subject string
	Scopes  Scopes
	// Email is an address that the issuer has verified to be the caller's, as the issuer spells it; empty if there is none.
	Email string
	// Expires is when the credential expires, clock skew included. Connections that live longer than a request end then. Zero for never.
	Expires time.Time
	// Limits are the caller's own limits; nil for the common ones.
	Limits *Limits
}

// Limits are a caller's own limits in place of the common ones. Zero means the common limit.
type Limits struct {
	// BodyBytes, VariablesBytes and AnswerBytes are lengths. Cost is the cost of one operation, and ListItems is the size of its lists.
	BodyBytes, VariablesBytes, AnswerBytes, Cost, ListItems int
	// Operations is the number of concurrent operations. Requests is the number of requests in the common period. Share is the percentage of shared
	// limits.
	Operations, Requests, Share int
}

// Everyone returns the caller of a server without authentication, who has all scopes.
func Everyone() *Principal { return &Principal{Method: ByNothing, Scopes: scopesOf(AllScopes[:]...)} }

// May reports whether the caller has the scope. A nil principal has none.
func (p *Principal) May(scope string) bool { return p != nil && p.Scopes.Has(scope) }

// NewContext returns a context with the caller p.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return &callerContext{ctx, p, SourceTokensOf(ctx)}
}

// FromContext returns the caller; nil, which has no scope, if no caller was authenticated.
func FromContext(ctx context.Context) *Principal {
	if c := callerOf(ctx); c != nil {
		return c.principal
	}
	return nil
}

// callerContext has all that is known of a caller, so that one look-up also finds what there is not.
type callerContext struct {
	context.Context
	principal *Principal
	tokens    SourceTokens
}

type callerKey struct{}

// Value implements context.Context.
func (c *callerContext) Value(key any) any {
	if key == (callerKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func callerOf(ctx context.Context) *callerContext {
	c, _ := ctx.Value(callerKey{}).(*callerContext)
	return c
}
