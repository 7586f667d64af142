package access

import (
	"context"
	"slices"
	"time"

	"roster/connectors"
)

// The scopes that callers can have. None includes another.
const (
	// ScopeRead is for the graph as a whole: without it nothing is answered.
	ScopeRead = "directory:read"
	// ScopeSensitive is for what is nobody's business: hourly rates, phone numbers, addresses.
	ScopeSensitive = "directory:sensitive"
	// ScopeWrite is for mutations.
	ScopeWrite = "directory:write"
	// ScopeAdmin is for running the server through the graph.
	ScopeAdmin = "directory:admin"
	// ScopeSchema is for reading the schema where introspection is off, as a federation router does.
	ScopeSchema = "directory:schema"
)

// AllScopes lists every scope there is.
var AllScopes = [...]string{ScopeRead, ScopeSensitive, ScopeWrite, ScopeAdmin, ScopeSchema}

// Scopes is what a caller may do, each scope once.
type Scopes []string

// scopesOf gives those words that are scopes, in the order of AllScopes. What else a token may say is for other servers.
func scopesOf(words ...string) Scopes {
	s := Scopes{}
	for _, scope := range AllScopes {
		if slices.Contains(words, scope) {
			s = append(s, scope)
		}
	}
	return s
}

// Has says whether the scope is among them.
func (s Scopes) Has(scope string) bool { return slices.Contains(s, scope) }

// Method is how a caller has shown who they are.
type Method string

// The methods.
const (
	// ByNothing is for callers without credentials.
	ByNothing Method = "none"
	ByKey     Method = "key"
	ByToken   Method = "token"
)

// Principal is a caller: who they are and what they may do. It is not changed once made.
type Principal struct {
	Method Method
	// Subject is the key's name, or what the issuer calls the caller; empty without credentials. Only with Method it is unique.
	Subject string
	Scopes  Scopes
	// Email is an address that the issuer has verified to be the caller's, as it spells it; empty where there is none.
	Email string
	// Expires is when the credential is good no longer, clock skew included: what lives longer than a request ends then. Zero for never.
	Expires time.Time
	// Limits are the caller's own; nil for those of everybody.
	Limits *Limits
}

// Limits are what a caller may ask in the place of what others may. Zero means as others.
type Limits struct {
	// BodyBytes, VariablesBytes and AnswerBytes are lengths; Cost is that of one operation, ListItems are those of its lists.
	BodyBytes, VariablesBytes, AnswerBytes, Cost, ListItems int
	// Operations run at a time, Requests may be sent in the period that holds for all. Share is that of what callers share, in percent.
	Operations, Requests, Share int
}

// Everyone is the caller of a server that asks nobody who they are: they may do everything.
func Everyone() *Principal { return &Principal{Method: ByNothing, Scopes: scopesOf(AllScopes[:]...)} }

// May says whether the caller has the scope. Nobody at all has none.
func (p *Principal) May(scope string) bool { return p != nil && p.Scopes.Has(scope) }

type principalKey struct{}

// NewContext gives a context in which p is asking.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext gives who is asking; nil, who may do nothing, where nobody has been let in.
func FromContext(ctx context.Context) *Principal {
	p, _ := ctx.Value(principalKey{}).(*Principal)
	return p
}

// WorksectionHeader is the header in which a caller may send a token of their own, for what only its owner can ask of Worksection.
const WorksectionHeader = "X-Roster-Worksection-Token"

type worksectionKey struct{}

// WithWorksectionToken gives a context in which the caller's own token may be used. It lives as long as the request, and is kept nowhere.
func WithWorksectionToken(ctx context.Context, token connectors.Secret) context.Context {
	if token == "" {
		return ctx
	}
	return context.WithValue(ctx, worksectionKey{}, token)
}

// WorksectionToken gives the caller's own token; empty where they have sent none.
func WorksectionToken(ctx context.Context) connectors.Secret {
	token, _ := ctx.Value(worksectionKey{}).(connectors.Secret)
	return token
}
