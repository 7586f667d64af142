package access

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
)

// What is wrong with a caller's credentials, in words that they may read. They tell nothing of whom or what is known here.
var (
	// ErrMissing says that there are none.
	ErrMissing = errors.New("credentials are required: an API key or a token, as Authorization: Bearer …")
	// ErrMalformed says that the header cannot be read.
	ErrMalformed = errors.New("the Authorization header must be one: Bearer and a key or token")
	// ErrInvalid says that a key or token is not accepted.
	ErrInvalid = errors.New("the key or token is not accepted")
	// ErrExpired says that a token was good, and is no longer.
	ErrExpired = errors.New("the token has expired")
	// ErrForbidden says that the caller is known, and may not ask.
	ErrForbidden = errors.New("the caller lacks the scope " + ScopeRead)
	// ErrUnavailable says that nobody can tell: the issuer's keys have never been read, or not for a day.
	ErrUnavailable = errors.New("tokens cannot be checked at present: the issuer's keys could not be read")
)

// Options say who is let in.
type Options struct {
	Keys []Key
	// OIDC is nil where no tokens are taken.
	OIDC *OIDC
	// Anonymous is what callers without credentials may do; empty lets none in.
	Anonymous Scopes
	// Before is the authenticator that this one takes the place of, if there is one: what it knows of the same issuer's keys stays known.
	Before *Authenticator
	// Transport is for tests; nil means one of the authenticator's own.
	Transport http.RoundTripper
	Logger    *slog.Logger // nil means nobody
}

// Authenticator finds out who is asking. Safe for concurrent use.
type Authenticator struct {
	keys      []Key
	tokens    *tokens
	anonymous *Principal
	refusals  refusals
}

// New makes an authenticator. It makes no call: the issuer's keys are read when the first token comes.
func New(opt Options) *Authenticator {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Authenticator{keys: opt.Keys, refusals: refusals{log: opt.Logger}}
	if opt.OIDC != nil {
		a.tokens = newTokens(*opt.OIDC, opt.Transport, opt.Logger)
		if opt.Before != nil && opt.Before.tokens != nil {
			a.tokens.keys.adopt(opt.Before.tokens.keys)
		}
	}
	if len(opt.Anonymous) > 0 {
		a.anonymous = &Principal{Method: ByNothing, Scopes: scopesOf(opt.Anonymous...)}
	}
	return a
}

// Close ends what the authenticator does by itself, and waits for it.
func (a *Authenticator) Close() {
	if a.tokens != nil {
		a.tokens.keys.close()
	}
}

// Authenticate says who is asking by the value of an Authorization header, which may as well have come by another way, such as the first message
// of a connection. Where it is empty, the caller has no credentials. Whoever lacks ScopeRead is turned away here. The error is one of this package's.
func (a *Authenticator) Authenticate(ctx context.Context, authorization string) (*Principal, error) {
	p, err := a.identify(ctx, authorization)
	if err == nil && !p.May(ScopeRead) {
		return nil, a.refuse(ctx, ErrForbidden, "a caller without directory:read")
	}
	return p, err
}

func (a *Authenticator) identify(ctx context.Context, authorization string) (*Principal, error) {
	if authorization == "" {
		if a.anonymous != nil {
			return a.anonymous, nil
		}
		return nil, ErrMissing
	}
	scheme, credential, _ := strings.Cut(authorization, " ")
	credential = strings.Trim(credential, " ")
	if !strings.EqualFold(scheme, "Bearer") || credential == "" || strings.ContainsAny(credential, " \t,") {
		return nil, a.refuse(ctx, ErrMalformed, "not a bearer credential")
	}
	if strings.HasPrefix(credential, KeyPrefix) {
		key := find(a.keys, credential)
		if key == nil {
			return nil, a.refuse(ctx, ErrInvalid, "unknown API key")
		}
		return &Principal{Method: ByKey, Subject: key.Name, Scopes: key.Scopes, Limits: key.Limits}, nil
	}
	if a.tokens == nil {
		return nil, a.refuse(ctx, ErrInvalid, "a token, where none are taken")
	}
	p, why, err := a.tokens.check(ctx, credential)
	if err != nil {
		return nil, a.refuse(ctx, err, why)
	}
	return p, nil
}

func (a *Authenticator) refuse(ctx context.Context, err error, why string) error {
	a.refusals.note(ctx, why)
	return err
}
