package access

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
)

// The errors for a caller's credentials. Their text is safe for the caller: it does not reveal which callers or keys exist.
var (
	// ErrMissing reports that there are no credentials.
	ErrMissing = errors.New("credentials are required: an API key or a token, as Authorization: Bearer …")
	// ErrMalformed reports that the header cannot be parsed.
	ErrMalformed = errors.New("the Authorization header must be one: Bearer and a key or token")
	// ErrInvalid reports that the key or token is not accepted.
	ErrInvalid = errors.New("the key or token is not accepted")
	// ErrExpired reports that a token was valid and has expired.
	ErrExpired = errors.New("the token has expired")
	// ErrForbidden reports that the caller is known but lacks ScopeRead.
	ErrForbidden = errors.New("the caller lacks the scope " + ScopeRead)
	// ErrUnavailable reports that tokens cannot be checked: the issuer's keys have never been fetched, or not for a day.
	ErrUnavailable = errors.New("tokens cannot be checked at present: the issuer's keys could not be fetched")
)

// Options configure who is authenticated.
type Options struct {
	Keys []Key
	// OIDC is nil if no tokens are accepted.
	OIDC *OIDC
	// Anonymous are the scopes of callers without credentials; if empty, such callers are rejected.
	Anonymous Scopes
	// Before is the authenticator that this one replaces, if there is one. This one keeps the fetched keys if the issuer is the same.
	Before *Authenticator
	// Transport is for tests; nil for a transport of the authenticator's own.
	Transport http.RoundTripper
	Logger    *slog.Logger // nil for no log
}

// Authenticator authenticates callers. Safe for concurrent use.
type Authenticator struct {
	keys      []Key
	tokens    *tokens
	anonymous *Principal
	refusals  refusals
}

// New returns an authenticator. New makes no call: the issuer's keys are fetched when the first token arrives.
func New(opt Options) *Authenticator {
	opt.Logger = cmp.Or(opt.Logger, slog.New(slog.DiscardHandler))
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

// Close ends the authenticator's background work, and waits for it.
func (a *Authenticator) Close() {
	if a.tokens != nil {
		a.tokens.keys.close()
	}
}

// Authenticate returns the caller for the value of an Authorization header. The value may also come from elsewhere, such as the first message of a
// connection. If it is empty, the caller has no credentials. Authenticate rejects callers without ScopeRead. The error is one of this package's.
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
	a.refusals.report(ctx, why)
	return err
}
