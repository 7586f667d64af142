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

// readEach asks for each user of the list who has not been asked for: GET users.info. A user who has been deleted meanwhile stays as the list has them.
func (c *client) readEach(ctx context.Context, list *userList) error {
	if list.asked == nil {
		list.asked = make(map[string]bool)
	}
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
			a.Details = &details
			list.read.Add(a)
		}
		list.asked[a.ID] = true
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

// customFinding reports whether the rows of a list show custom fields, if they are asked for there.
func (c *client) customFinding(rows []decode.Value) (connectors.Finding, bool) {
	if !c.custom.listed {
		return connectors.Finding{}, false
	}
	f := connectors.Finding{What: "custom fields"}
	for _, row := range rows {
		f.OK = f.OK || row.Has("customFields")
	}
	if !f.OK {
		f.Note = "the first users have none, or the server does not list them, as versions from 7.0: then set user_info"
	}
	return f, true
}
