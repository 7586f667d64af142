package rocketchat

import (
	"context"
	"net/url"

	"roster/connectors"
	"roster/connectors/decode"
)

// withCustomFields makes users.list tell custom fields. Servers from 7.0 ignore the parameter silently unless their operator allows it, and those from 9.0
// refuse it.
const withCustomFields = `{"customFields":1}`

// customReader says how custom fields are asked for. The zero value does not ask for them.
type customReader struct {
	fields []connectors.CustomField
	listed bool // in the list of users
	each   bool // by one call for each user
}

func newCustomReader(cfg connectors.Config, settings *Settings) customReader {
	if !cfg.AsksForFields() {
		return customReader{}
	}
	return customReader{fields: cfg.CustomFields, listed: !settings.UserInfo, each: settings.UserInfo}
}

// by says how accounts get their custom fields, see connectors.Source.FieldsBy.
func (r *customReader) by() string {
	if r.each {
		return "user_info"
	}
	return ""
}

// tellEvery and tellTimes bound how often the progress is told: each time, the records are copied.
const tellEvery, tellTimes = 10, 100

// readEach asks for each user of the list who has not been asked for: GET users.info. A user who has been deleted meanwhile stays as the list has them.
func (c *client) readEach(ctx context.Context, list *userList, tell func()) error {
	if list.asked == nil {
		list.asked = make(map[string]bool)
	}
	every := max(tellEvery, list.read.Len()/tellTimes)
	for _, a := range list.read.Listing(nil, false).Records {
		if list.asked[a.ID] {
			continue
		}
		user, err := c.userInfo(ctx, a.ID)
		switch {
		case connectors.IsKind(err, connectors.KindNotFound):
		case err != nil:
			return err
		default:
			details := *connectors.DetailsOf[Details](&a)
			details.readCustomFields(user.Noting(&list.read.Anomalies), c.custom.fields)
			list.read.told = list.read.told || user.Has(customFields)
			a.Details = &details
			list.read.Add(a)
		}
		if list.asked[a.ID] = true; len(list.asked)%every == 0 {
			tell()
		}
	}
	return nil
}

// userInfo asks for one user.
func (c *client) userInfo(ctx context.Context, id string) (decode.Value, error) {
	resp, err := c.get(ctx, routeUser, url.Values{"userId": {id}})
	if err != nil {
		return decode.Value{}, err
	}
	answer, err := resp.Document()
	if err != nil {
		return decode.Value{}, err
	}
	user := answer.Object("user")
	if rowID(user) != id {
		return decode.Value{}, missing(resp, "user")
	}
	return user, nil
}

// customFields is the key of a user's custom fields.
const customFields = "customFields"

// noteNotSent counts the users of a complete list if custom fields are asked for and no user has the key. A server that does not list them looks as one where
// nobody has any.
func (c *client) noteNotSent(list *userList) {
	if (c.custom.listed || c.custom.each) && !list.read.told && list.read.Len() > 0 {
		list.read.Anomalies.NoteMany(connectors.Anomaly{Field: customFields, Count: list.read.Len(), Example: connectors.NotSent})
	}
}

// customFinding reports whether the rows of a list show custom fields, if they are asked for there, or else one user. Info is the answer about a user; nil if
// nobody was asked for.
func (c *client) customFinding(rows []decode.Value, info *decode.Value) (connectors.Finding, bool) {
	f := connectors.Finding{What: "custom fields"}
	switch {
	case c.custom.listed:
		for _, row := range rows {
			f.OK = f.OK || row.Has(customFields)
		}
		if !f.OK {
			f.Note = "the first users have none, or the server does not list them, as versions from 7.0: then set user_info"
		}
	case c.custom.each && info != nil:
		if f.OK = info.Has(customFields); !f.OK {
			f.Note = "the user that was asked for has none, or the server does not show them: give the user the permission view-full-other-user-info"
		}
	default:
		return connectors.Finding{}, false
	}
	return f, true
}
