package kommo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/rest"
)

// renewBefore is how long before its end a token is worth a warning: getting another one takes an administrator of Kommo.
const renewBefore = 14 * 24 * time.Hour

// prober asks for the account, which any good token may read, and for one user, which only an administrator's may.
type prober struct {
	*client
	expires time.Time // zero where the token does not tell
}

// Probe finds out whether the token is accepted, whether it is an administrator's, and for how long it is good.
func (p prober) Probe(ctx context.Context) ([]connectors.Finding, error) {
	resp, err := p.get(ctx, opAccount, pathAccount, "")
	if err != nil {
		return nil, err
	}
	var a account
	if err := resp.JSON(&a); err != nil {
		return nil, err
	}
	if recordID(a.ID) == "" {
		return nil, resp.Fail(connectors.KindBadResponse, "not an account; is url the account's own address?")
	}
	admin := connectors.Finding{What: "users and roles", OK: true}
	// The account has just been read: 401 here, which Kommo has been met with, is about the right, not about the token.
	if resp, err = p.get(ctx, opUsers, pathUsers, "limit=1"); err == nil && resp.Status != http.StatusNoContent {
		_, _, err = decodePage[user](resp, "users")
	}
	if connectors.IsKind(err, connectors.KindForbidden) || connectors.IsKind(err, connectors.KindUnauthorized) {
		admin.OK, admin.Note = false, "take a token of an administrator of the account"
	} else if err != nil {
		return nil, err
	}
	findings := []connectors.Finding{admin}
	if !p.expires.IsZero() {
		life := connectors.Finding{What: "token good until " + p.expires.Format(time.DateOnly), OK: time.Until(p.expires) > renewBefore}
		if !life.OK {
			life.Note = "make a new token in Kommo soon"
		}
		findings = append(findings, life)
	}
	return findings, nil
}

// tokenExpiry reads when a token ends, as a hint: the token is a JWT, and nothing here could check its signature. Zero where it is
// none or does not say.
func tokenExpiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Expires rest.Scalar `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return time.Time{}
	}
	return unixTime(claims.Expires)
}
