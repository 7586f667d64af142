package connectors

import (
	"context"
	"time"
)

// OAuth is a credential that is renewed, as configured: the vendor's data of the integration, and the first grant. In Kind.Settings, it is a field
// of type *OAuth with the key oauth.
type OAuth struct {
	ClientID     string `key:"client_id" required:"yes" doc:"The vendor's ID of the integration."`
	ClientSecret Secret `key:"client_secret" required:"yes" doc:"The integration's secret."`
	// RedirectURI is the redirect URI with which the integration is registered.
	RedirectURI string `key:"redirect_uri" type:"URL" default:"(none)" doc:"The redirect URI of the integration, exactly as the vendor has it. Required with code."`
	// Exactly one of RefreshToken and Code is set. It is exchanged for the first pair of tokens, from which all later pairs descend.
	RefreshToken Secret `key:"refresh_token" default:"(code)" doc:"The refresh token that is exchanged for the first pair. Either this or code is required. Leave it in place: it identifies the stored pair, and another token starts a new chain."`
	Code         Secret `key:"code" default:"(refresh_token)" doc:"An authorisation code, valid for a few minutes. Leave it in place, like refresh_token."`
	// URL is the address of the token endpoints; empty for the vendor's.
	URL string `key:"url" type:"URL" default:"(the vendor's)" doc:"The address of the token endpoints."`
}

// OAuth returns the credential of a source that is renewed; nil if there is none.
func (c *Config) OAuth() *OAuth {
	if s, ok := c.Settings.(interface{ Renewed() *OAuth }); ok {
		return s.Renewed()
	}
	return nil
}

// First returns the first grant.
func (o *OAuth) First() TokenGrant { return TokenGrant{Refresh: o.RefreshToken, Code: o.Code} }

// Chain returns the ID of all pairs that descend from the first grant. It does not depend on the account's address, which may change, or on the
// source's name, and does not reveal the grant. Another first grant may be another person's: it is another chain.
func (o *OAuth) Chain(kind KindName) string {
	return Fingerprint(kind, "tokens", o.ClientID, o.RefreshToken.Reveal(), o.Code.Reveal())
}

// NoTokenStore is the message if there is no token store.
const NoTokenStore = "its tokens need a place that outlives a crash: set credentials_dir, or redis with encryption_key"

// TokenGrant is what is exchanged for a pair of tokens. It is valid once.
type TokenGrant struct {
	// Exactly one of Refresh and Code is set.
	Refresh, Code Secret
	// Last is the pair to replace; the zero value for the first pair.
	Last TokenPair
	// Sending is called right before each sending of the grant. If it returns an error, nothing may be sent, and the exchange returns that
	// error. It may be nil.
	Sending func(context.Context) error
}

// TokenPair is what a vendor returns for a grant.
type TokenPair struct {
	Access  Secret
	Refresh Secret
	// Lifetime is how long Access is valid after the request; 0 if the vendor does not say.
	Lifetime time.Duration
	// Address is the account's address if the vendor reports another one than the configured; otherwise empty.
	Address string
}

// Exchange exchanges a grant at the vendor, in one attempt. Errors are *Error: KindUnauthorized means that the grant is not valid any more, any
// other kind that it may still be valid.
type Exchange func(ctx context.Context, g TokenGrant) (TokenPair, error)

// Token is an access token for calls.
type Token struct {
	Value Secret
	// Address is the account's address if it is not the configured one; otherwise empty.
	Address string
}

// Tokens has the tokens of one source, and renews them as needed. It is safe for concurrent use. Errors are *Error.
type Tokens interface {
	// Token returns the current token. It waits only if there is no valid one.
	Token(ctx context.Context) (Token, error)
	// Renew returns a token in the place of one that the source has refused.
	Renew(ctx context.Context, refused Token) (Token, error)
	// Credential returns the status of the credential.
	Credential() CredentialStatus
}

// TokenRenewer renews and stores the tokens of all sources.
type TokenRenewer interface {
	// Keep returns the tokens that descend from the first grant. The ID is that of the chain, see OAuth.Chain.
	Keep(source, id string, first TokenGrant, exchange Exchange) Tokens
}

// CredentialState is the state of a credential, best first.
type CredentialState uint8

// The states of a credential.
const (
	CredentialGood     CredentialState = iota // as far as known
	CredentialExpiring                        // it expires within ExpiringBefore, and is not renewed
	CredentialExpired                         // it has expired, or could not be renewed in time
	CredentialRefused                         // it cannot be renewed: an administrator must authorise again
)

// String returns the state in words.
func (s CredentialState) String() string {
	return [...]string{"good", "expiring", "expired", "refused"}[s]
}

// ExpiringBefore is how long before its end Roster warns of a credential that is not renewed. Only an administrator of the source can create
// another one, which takes time.
const ExpiringBefore = 21 * 24 * time.Hour

// CredentialStatus is what is known of a source's credential without a call to the source.
type CredentialStatus struct {
	State CredentialState
	// ExpiresAt is when it expires; zero if that is unknown, or if it is renewed.
	ExpiresAt time.Time
	// Renewed is true if Roster renews it.
	Renewed bool
	// Detail says what to do, in Roster's own words; empty if there is nothing to do.
	Detail string
}

// LastingCredential returns the status of a credential that is not renewed and expires at that time; zero if that is unknown.
func LastingCredential(expires time.Time, detail string) CredentialStatus {
	s := CredentialStatus{ExpiresAt: expires}
	switch left := time.Until(expires); {
	case expires.IsZero():
	case left <= 0:
		s.State, s.Detail = CredentialExpired, detail
	case left <= ExpiringBefore:
		s.State, s.Detail = CredentialExpiring, detail
	}
	return s
}
