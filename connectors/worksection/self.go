package worksection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

const (
	// actionMe is known on the interface for users' tokens only.
	actionMe = "me"
	// selfWithin bounds the call, the wait for its turn included: somebody is waiting for the answer.
	selfWithin = 5 * time.Second
	// selfRetry is after how long it is worth asking again where nobody knows: another caller is being asked for.
	selfRetry = 2 * time.Second
)

// self asks who the owner of a token is. The vendor counts all calls together, so these are spare ones: many callers must not keep the fetches
// from their turn.
type self struct {
	rest    *rest.Client
	source  string
	convert func(decode.Value) connectors.Account
}

var _ connectors.SelfReader = (*self)(nil)

// tokenForm is that of a bearer token (RFC 6750). What stands before the vendor's interface may take anything else for an attack.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`)

const (
	maxToken    = 4 << 10
	notAccepted = "the caller's token is not accepted"
)

// judgeOwner returns what a reply to a caller's own token means. Whatever it is that is refused or not understood, it is this token's fault, and not
// the operator's key's: it must not start a pause of the source.
func judgeOwner(r *rest.Response) *connectors.Error {
	e := judge(r)
	if e == nil || e.Kind == connectors.KindRateLimited || r.Status >= http.StatusInternalServerError {
		return e
	}
	refused := r.Fail(connectors.KindUnauthorized, notAccepted)
	refused.Code = e.Code
	return refused
}

// Self asks for me by the caller's token.
//
// https://worksection.com/en/faq/oauth.html
func (s *self) Self(ctx context.Context, token connectors.Secret) (connectors.Account, error) {
	if len(token) > maxToken || !tokenForm.MatchString(token.Reveal()) {
		return connectors.Account{}, &connectors.Error{Source: s.source, Op: actionMe, Kind: connectors.KindUnauthorized, Detail: notAccepted}
	}
	ctx, cancel := context.WithTimeout(ctx, selfWithin)
	defer cancel()
	resp, err := s.rest.Do(ctx, rest.Request{Op: actionMe, Path: userPath, Query: query(actionMe), Judge: judgeOwner, Spare: true,
		Header: http.Header{"Authorization": {"Bearer " + token.Reveal()}}})
	if err != nil {
		return connectors.Account{}, withRetryAfter(err)
	}
	body, err := resp.Document()
	if err != nil {
		return connectors.Account{}, err
	}
	// The owner is in a list of one by the vendor's documentation, and an object by its own client. A list of several names nobody.
	account := s.convert(body.One("data"))
	if account.ID == "" {
		e := resp.Fail(connectors.KindBadResponse, "the answer names nobody")
		return connectors.Account{}, e
	}
	return account, nil
}

// withRetryAfter returns what to do where a call was not sent, to leave the source's limit to its fetches.
func withRetryAfter(err error) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok || !e.Unsent || e.Kind != connectors.KindRateLimited {
		return err
	}
	told := *e
	if told.RetryAfter <= 0 {
		told.RetryAfter = selfRetry
	}
	told.Detail = fmt.Sprintf("not asked, since a tenth of the source's calls at most is for this, after those for its data: ask again in %d s",
		int(math.Ceil(told.RetryAfter.Seconds())))
	return &told
}
