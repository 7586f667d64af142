package connectors

import (
	"context"
	"time"
)

// OAuth is a credential that is renewed, as the operator wrote it: what the vendor gave the application, and the first grant. Its tags are those of
// Kind.Settings, where it is a field of type *OAuth with the key oauth.
type OAuth struct {
	ClientID     string `key:"client_id" required:"yes" doc:"The vendor's ID of the integration."`
	ClientSecret Secret `key:"client_secret" required:"yes" doc:"The integration's secret."`
	// RedirectURI is the one that the application is registered with.
	RedirectURI string `key:"redirect_uri" type:"URL" default:"(none)" doc:"The redirect URI of the integration, exactly as the vendor has it. Required with code."`
	// RefreshToken and Code are what the first pair of tokens is got for: exactly one is set. Later pairs descend from it.
	RefreshToken Secret `key:"refresh_token" default:"(code)" doc:"The refresh token that is exchanged for the first pair. Either this or code is required. Leave it in place: it identifies the stored pair, and another token starts a new chain."`
	Code         Secret `key:"code" default:"(refresh_token)" doc:"An authorisation code, valid for a few minutes. Leave it in place, like refresh_token."`
	// URL is where the token endpoints are; empty for the vendor's own place.
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

// Chain returns the ID of all pairs that descend from the first grant. It does not depend on the account's address, which may change, nor on
// the source's name, and tells nothing of the grant. What else descends from another grant may be another person's: it counts as another
// credential.
func (o *OAuth) Chain(kind KindName) string {
	return Fingerprint(kind, "tokens", o.ClientID, o.RefreshToken.Reveal(), o.Code.Reveal())
}

// NoTokenStore says what is missing if there is no token store.
const NoTokenStore = "its tokens need a place that outlives a crash: set credentials_dir, or redis with encryption_key"

// TokenGrant is what is exchanged for a pair of tokens. It is good once.
type TokenGrant struct {
	// Refresh and Code: exactly one is set.
	Refresh, Code Secret
	// Last is the pair that is to be replaced; the zero value for the first one.
	Last TokenPair
	// Sending is called right before the grant leaves the program, each time that it does. If it fails nothing may be sent, and the
	// exchange ends with its error. Nil for nothing to be done.
	Sending func(context.Context) error
}

// TokenPair is what a vendor gives for a grant.
type TokenPair struct {
	Access  Secret
	Refresh Secret
	// Lifetime is how long Access is good from when it was asked for; 0 if the vendor does not say.
	Lifetime time.Duration
	// Address is the account's address, where the vendor says that it is not the one configured.
	Address string
}

// Exchange gives a grant to the vendor. It makes no second attempt. Errors are *Error: KindUnauthorized says that the grant is not
// accepted and never will be, any other kind that it may still be good.
type Exchange func(ctx context.Context, g TokenGrant) (TokenPair, error)

// Token is an access token to call with.
type Token struct {
	Value Secret
	// Address is where the account is, if not where it is configured to be.
	Address string
}

// Tokens gives the tokens of one source, renewing them as needed. Safe for concurrent use. Errors are *Error.
type Tokens interface {
	// Token returns the token to use now. It waits only where there is none that is good.
	Token(ctx context.Context) (Token, error)
	// Renew is told that the source has refused a token that Token gave, and returns another one.
	Renew(ctx context.Context, refused Token) (Token, error)
	// Credential returns how things stand.
	Credential() CredentialStatus
}

// TokenRenewer keeps the tokens of all sources.
type TokenRenewer interface {
	// Keep returns the tokens that descend from first. The ID tells them from those of any other first grant; it reveals nothing.
	Keep(source, id string, first TokenGrant, exchange Exchange) Tokens
}

// CredentialState says whether something must be done about a credential, best first.
type CredentialState uint8

// The states of a credential.
const (
	CredentialGood     CredentialState = iota // as far as is known
	CredentialExpiring                        // it ends within ExpiringBefore, and is not renewed
	CredentialExpired                         // it has ended, or could not be renewed in time
	CredentialRefused                         // it cannot be renewed any more: somebody must authorise anew
)

// String returns the state in words.
func (s CredentialState) String() string {
	return [...]string{"good", "expiring", "expired", "refused"}[s]
}

// ExpiringBefore is how long before its end a credential that nobody renews is worth a warning: getting another one takes an
// administrator of the source.
const ExpiringBefore = 21 * 24 * time.Hour

// CredentialStatus is what is known of a source's credential without asking the source.
type CredentialStatus struct {
	State CredentialState
	// ExpiresAt is when it ends; zero if it does not say, or is renewed.
	ExpiresAt time.Time
	// Renewed is true if the program renews it by itself.
	Renewed bool
	// Detail says what to do, in our words; empty if there is nothing to do.
	Detail string
}

// LastingCredential returns the status of a credential that is not renewed and ends at that time; zero if it does not say.
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
