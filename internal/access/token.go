package access

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxToken is the largest size of a token. Proxies pass no longer header, and a larger token need not be decoded.
const maxToken = 8 << 10

// OIDC configures whose tokens are accepted, and their scopes.
type OIDC struct {
	Issuer   string
	Audience string
	// JWKSURL is the address of the issuer's keys; if empty, the issuer's discovery document has it.
	JWKSURL string
	// Algorithms are the accepted signature algorithms: asymmetric ones only.
	Algorithms []string
	// ScopeClaim has the scopes; empty for scope and scp.
	ScopeClaim string
	// EmailClaim has the caller's address. It is believed only together with email_verified.
	EmailClaim string
	// TokenUse is the required value of the claim token_use, if a token has that claim; empty for access.
	TokenUse  string
	ClockSkew time.Duration
	// Router reports that the tokens are those of a federation router, which checks the scopes of its own callers. The router may read the schema.
	Router bool
	// Limits are the limits of each of its callers; nil for the common ones.
	Limits *Limits
	// Grants give scopes to callers with a certain value in a claim.
	Grants []Grant
}

// Grant gives scopes to callers whose claim has a value, such as a group.
type Grant struct {
	Claim, Value string
	Scopes       Scopes
}

// Algorithms lists the signature algorithms that can be allowed. Algorithms with a shared secret are excluded: with them, everyone who can check a
// token can also make one.
var Algorithms = [...]string{
	string(jose.RS256), string(jose.RS384), string(jose.RS512), string(jose.PS256), string(jose.PS384), string(jose.PS512),
	string(jose.ES256), string(jose.ES384), string(jose.ES512), string(jose.EdDSA),
}

// tokens checks the tokens of one issuer.
type tokens struct {
	cfg        OIDC
	algorithms []jose.SignatureAlgorithm
	keys       *keySet
}

func newTokens(cfg OIDC, transport http.RoundTripper, log *slog.Logger) *tokens {
	t := &tokens{cfg: cfg, keys: newKeySet(cfg.Issuer, cfg.JWKSURL, transport, log)}
	for _, a := range cfg.Algorithms {
		t.algorithms = append(t.algorithms, jose.SignatureAlgorithm(a))
	}
	return t
}

// check returns the caller that a token names, or the reason for rejecting it: a phrase for the log, and the error for the caller. It reads claims
// only after it has verified the issuer's signature.
func (t *tokens) check(ctx context.Context, token string) (p *Principal, why string, err error) {
	if len(token) > maxToken {
		return nil, "a token that is too long", ErrInvalid
	}
	parsed, err := jwt.ParseSigned(token, t.algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return nil, "not a token signed by an allowed algorithm", ErrInvalid
	}
	keys, err := t.keys.find(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return nil, "the issuer's keys could not be fetched", ErrUnavailable
	}
	var standard jwt.Claims
	var all claims
	if !signed(parsed, keys, &standard, &all) {
		return nil, "a token that no key of the issuer has signed", ErrInvalid
	}
	if !forAccess(parsed.Headers[0].ExtraHeaders[jose.HeaderType], all, cmp.Or(t.cfg.TokenUse, useAccess)) {
		return nil, "a token that is for something else, such as an ID token", ErrInvalid
	}
	if why, err := t.judge(&standard); err != nil {
		return nil, why, err
	}
	scopes := all.scopes(t.cfg)
	if t.cfg.Router && len(scopes) > 0 && !scopes.Has(ScopeSchema) {
		scopes = append(scopes, ScopeSchema)
	}
	return &Principal{
		Method: ByToken, Subject: standard.Subject, Scopes: scopes, Email: all.email(t.cfg.EmailClaim),
		Limits: t.cfg.Limits, Expires: standard.Expiry.Time().Add(t.cfg.ClockSkew),
	}, "", nil
}

// forAccess reports whether a token is an access token, as far as the token shows its type. An ID token proves a login to a client, and a client that
// has one must not be able to call the server with it. RFC 9068 sets the header's type to at+jwt; many issuers use JWT or nothing. By OpenID Connect,
// only ID tokens have a nonce. Keycloak has the claim typ, and Cognito has token_use. If the operator accepts tokens with another use than access, a
// token with that use may have a nonce: Cognito's access tokens have no audience, so with some issuers only ID tokens are available.
func forAccess(header any, c claims, wanted string) bool {
	kind, _ := header.(string)
	if kind = strings.ToLower(kind); kind != "" && kind != "jwt" && !strings.HasSuffix(kind, "at+jwt") {
		return false
	}
	use, said := c["token_use"]
	if said && use != wanted {
		return false
	}
	if typ, _ := c["typ"].(string); slices.Contains(notForAccess, strings.ToLower(typ)) {
		return false
	}
	_, once := c["nonce"]
	return !once || said && wanted != useAccess
}

// useAccess is the token_use of access tokens.
const useAccess = "access"

// notForAccess are the values, in lower case, of the claim typ of tokens that are not access tokens.
var notForAccess = []string{"id", "refresh", "offline", "logout"}

// signed reports whether one of the keys has signed the token, and decodes its claims if so. A key that names an algorithm is for that algorithm only.
func signed(token *jwt.JSONWebToken, keys []jose.JSONWebKey, into ...any) bool {
	for _, k := range keys {
		if k.Algorithm != "" && k.Algorithm != token.Headers[0].Algorithm {
			continue
		}
		if token.Claims(k.Key, into...) == nil {
			return true
		}
	}
	return false
}

func (t *tokens) judge(c *jwt.Claims) (why string, err error) {
	if c.Expiry == nil || c.Subject == "" {
		return "a token without exp or sub", ErrInvalid
	}
	expected := jwt.Expected{Issuer: t.cfg.Issuer, AnyAudience: jwt.Audience{t.cfg.Audience}, Time: time.Now()}
	switch err := c.ValidateWithLeeway(expected, t.cfg.ClockSkew); {
	case err == nil:
		return "", nil
	case errors.Is(err, jwt.ErrExpired):
		return "a token that has expired", ErrExpired
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return "a token of another issuer", ErrInvalid
	case errors.Is(err, jwt.ErrInvalidAudience):
		return "a token for another audience", ErrInvalid
	default:
		return "a token that is not valid yet", ErrInvalid
	}
}
