package rocketchat

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

const (
	// The lines that this package was made for.
	oldestLine = 6
	newestLine = 9
)

// Probe asks who we are (GET me), for two users (users.list), whether we see all of the one who is not us (users.info), and for the
// server's version.
func (c *client) Probe(ctx context.Context) ([]connectors.Finding, error) {
	resp, err := c.get(ctx, routeMe, nil)
	if err != nil {
		return nil, err
	}
	me, err := resp.Document()
	if err != nil {
		return nil, err
	}
	if me.ID("_id", nil) == "" {
		return nil, missing(resp, "_id")
	}
	findings, err := c.probeUsers(ctx)
	if err != nil {
		return findings, err
	}
	return append(findings, c.probeVersion(ctx)), nil
}

func (c *client) probeUsers(ctx context.Context) ([]connectors.Finding, error) {
	query := paging(0, 2)
	query.Set("sort", byID)
	if c.custom.listed {
		query = paging(0, pageSize) // more, because not everybody has custom fields
		query.Set("sort", byID)
		query.Set("fields", withCustomFields)
	}
	resp, err := c.get(ctx, routeUsers, query)
	if c.custom.listed && connectors.IsKind(err, connectors.KindInvalid) {
		query.Del("fields")
		resp, err = c.get(ctx, routeUsers, query)
	}
	if connectors.IsKind(err, connectors.KindForbidden) {
		return []connectors.Finding{{What: "list of users",
			Note: "give the user the permission view-d-room, and view-outside-room where the server asks for it"}}, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := page(resp, "users", 0, nil)
	if err != nil {
		return nil, err
	}
	findings := []connectors.Finding{{What: "list of users", OK: true}}
	shown, info, err := c.seesAll(ctx, list.Rows)
	if err != nil {
		return findings, err
	}
	if f, asked := c.customFinding(list.Rows, info); asked {
		findings = append(findings, f)
	}
	private := connectors.Finding{What: "e-mail addresses and roles", OK: shown}
	if !shown {
		private.Note = "give the user the permission view-full-other-user-info"
	}
	return append(findings, private, pace(resp)), nil
}

// seesAll asks for a user other than ourselves, whom everyone sees in full, whether we are shown all. Without another one the rows that
// we have must tell. It returns the answer about that user, too; nil if there is none.
func (c *client) seesAll(ctx context.Context, rows []decode.Value) (all bool, about *decode.Value, err error) {
	i := slices.IndexFunc(rows, func(u decode.Value) bool { return rowID(u) != "" && rowID(u) != c.userID })
	if i < 0 {
		return slices.ContainsFunc(rows, private), nil, nil
	}
	resp, err := c.get(ctx, routeUser, url.Values{"userId": {rowID(rows[i])}})
	switch {
	case connectors.IsKind(err, connectors.KindNotFound), connectors.IsKind(err, connectors.KindForbidden):
		return slices.ContainsFunc(rows, private), nil, nil // just deleted, or not ours to ask
	case err != nil:
		return false, nil, err
	}
	info, err := resp.Document()
	if err != nil {
		return false, nil, err
	}
	user := info.Object("user")
	if !user.IsObject() {
		return false, nil, missing(resp, "user")
	}
	if sees := user.Flag("canViewAllInfo").Bool(); sees != nil {
		return *sees, &user, nil
	}
	return slices.ContainsFunc(rows, private), &user, nil
}

// pace tells whether the server counts our calls: only then does it send its limit.
func pace(resp *rest.Response) connectors.Finding {
	f := connectors.Finding{What: "calls without a limit", OK: true}
	if n, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get("X-RateLimit-Limit"))); err == nil {
		f.OK = false
		left := ""
		if m, err := strconv.Atoi(strings.TrimSpace(resp.Header.Get("X-RateLimit-Remaining"))); err == nil {
			left = ", " + strconv.Itoa(m) + " of this kind are left"
		}
		f.Note = "the server allows " + strconv.Itoa(n) + " calls of each kind at a time" + left + ", and large lists take long; " +
			"give the user the permission api-bypass-rate-limit (the role bot has it) and set rate_limit"
	}
	return f
}

var versionNumber = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,4}){0,2}`)

// probeVersion reads the version from where everyone may; nothing depends on it.
func (c *client) probeVersion(ctx context.Context) connectors.Finding {
	resp, err := c.rest.Do(ctx, rest.Request{Op: "info", Path: "api/info", Bucket: "info"})
	if err != nil {
		return connectors.Finding{What: "server version", Note: "it could not be read; nothing depends on it"}
	}
	info, _ := resp.Document() // whatever cannot be read is not known
	version := versionNumber.FindString(info.Text("version"))
	if version == "" {
		version = versionNumber.FindString(info.Object("info").Text("version"))
	}
	if version == "" {
		return connectors.Finding{What: "server version, which it does not tell", OK: true}
	}
	major, _, _ := strings.Cut(version, ".")
	f := connectors.Finding{What: "server version " + version, OK: true}
	if n, err := strconv.Atoi(major); err != nil || n < oldestLine || n > newestLine {
		f.OK = false
		f.Note = "only the lines " + strconv.Itoa(oldestLine) + " to " + strconv.Itoa(newestLine) + " are known to work"
	}
	return f
}
