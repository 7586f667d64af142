package kommo

import (
	"context"
	"net/http"
	"time"

	"roster/connectors"
)

// detailRenew says what to do about a token that ends.
const detailRenew = "make a new token in Kommo, and put it into access_token"

// prober asks for the account, which any good token may read, and for one user, which only an administrator's may.
type prober struct {
	*client
	expires time.Time // zero if the token does not tell
}

// Probe finds out whether the token is accepted, whether it is an administrator's, for how long it is good, and whether the account has
// moved.
func (p prober) Probe(ctx context.Context) ([]connectors.Finding, error) {
	resp, err := p.get(ctx, opAccount, pathAccount, "")
	if err != nil {
		return nil, err
	}
	account, err := resp.Document()
	if err != nil {
		return nil, err
	}
	if refID(account, "id") == "" {
		return nil, resp.Fail(connectors.KindBadResponse, "not an account; is url the account's own address?")
	}
	admin := connectors.Finding{What: "users and roles", OK: true}
	// The account has just been read: 401 here, which Kommo has been met with, is about the right, not about the token.
	if resp, err = p.get(ctx, opUsers, pathUsers, "limit=1"); err == nil && resp.Status != http.StatusNoContent {
		_, err = decodePage(resp, "users", nil)
	}
	if connectors.IsKind(err, connectors.KindForbidden) || connectors.IsKind(err, connectors.KindUnauthorized) {
		admin.OK, admin.Note = false, "take a token of an administrator of the account"
	} else if err != nil {
		return nil, err
	}
	findings := []connectors.Finding{admin}
	if !p.expires.IsZero() {
		life := connectors.Finding{What: "token good until " + p.expires.Format(time.DateOnly), OK: time.Until(p.expires) > connectors.ExpiringBefore}
		if !life.OK {
			life.Note = detailRenew
		}
		findings = append(findings, life)
	}
	if p.tokens != nil {
		if t, err := p.tokens.Token(ctx); err == nil && t.Address != "" {
			findings = append(findings, connectors.Finding{What: "the account's address", Note: "its subdomain was renamed, which is followed; change url"})
		}
	}
	return findings, nil
}

// tokenExpiry reads when a token ends, as a hint. Zero if it does not say.
func tokenExpiry(token string) time.Time {
	return claims(token).Unix("exp")
}
