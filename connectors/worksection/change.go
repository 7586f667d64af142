package worksection

import (
	"context"
	"slices"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// The vendor's names of what changes something, and of the one call that returns who subscribes to a task.
const (
	actionAddUser         = "add_user"
	actionAddUserGroup    = "add_user_group"
	actionAddContact      = "add_contact"
	actionAddContactGroup = "add_contact_group"
	actionSubscribe       = "subscribe"
	actionUnsubscribe     = "unsubscribe"
	actionTask            = "get_task"
)

// terms are what the vendor takes. It documents no length of a text, and cuts one silently at 65,536 characters; one of more than 255 is no
// name, and a name that is cut would not be found again.
var terms = connectors.Terms{
	MaxText: 255, MaxEmail: 254, MaxAddresses: 2,
	Access:     []connectors.AccessLevel{connectors.AccessMember, connectors.AccessGuest, connectors.AccessReader},
	TeamKinds:  []connectors.TeamKind{connectors.TeamCompany, connectors.TeamClient},
	PhoneKinds: []connectors.PhoneKind{connectors.PhoneMain, connectors.PhoneOffice, connectors.PhoneMobile, connectors.PhoneHome},
	TaskID:     func(s string) bool { return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == "" },
}

// creator makes records by one action. Params are in the vendor's words, inputs turn those into ours where an error names one.
type creator[I any, R connectors.Record] struct {
	client  *client
	action  string
	params  func(I) []param
	convert func(decode.Value) R
	// complete puts in what the answer may leave out and the list will show.
	complete func(*R, I)
	inputs   map[string]string
}

// Terms say what the vendor takes.
func (c creator[I, R]) Terms() connectors.Terms { return terms }

// Preview returns what Create would send.
func (c creator[I, R]) Preview(in I) connectors.Preview { return preview(c.action, c.params(in)) }

// Create makes the record. An answer that does not say what was made is an error: it may have been made all the same.
func (c creator[I, R]) Create(ctx context.Context, in I) (R, error) {
	var made R
	resp, err := c.client.change(ctx, c.action, c.params(in), c.inputs)
	if err != nil {
		return made, err
	}
	body, err := resp.Document()
	if err != nil {
		return made, err
	}
	if data := body.One("data"); data.IsObject() {
		made = c.convert(data)
	}
	if made.Key() == "" {
		return made, resp.Fail(connectors.KindBadResponse, "the answer does not say what was made")
	}
	c.complete(&made, in)
	return made, nil
}

// change makes a call that changes something.
func (c *client) change(ctx context.Context, action string, params []param, inputs map[string]string) (*rest.Response, error) {
	resp, err := c.send(ctx, sending{action, params, true})
	if err != nil {
		return nil, inOurWords(err, inputs)
	}
	return resp, nil
}

// inOurWords names the input that an error is about as callers know it; not at all where it is none of theirs.
func inOurWords(err error, inputs map[string]string) error {
	e := *connectors.AsError("", err)
	e.Input = inputs[e.Input]
	return &e
}

func preview(action string, params []param) connectors.Preview {
	p := connectors.Preview{Op: action, Parameters: make(map[string]string, len(params))}
	for _, param := range params {
		p.Parameters[param.name] = param.value
	}
	return p
}

// given leaves out what is empty.
func given(params ...param) []param {
	return slices.DeleteFunc(params, func(p param) bool { return p.value == "" })
}

// setCreators sets the source's capabilities to change something.
func (c *client) setCreators(s *connectors.Source, to converter) {
	s.UserInviter = creator[connectors.Invitation, connectors.Account]{
		c, actionAddUser, userParams, to.account, completeAccount, map[string]string{
			"email": "email", "first_name": "firstName", "last_name": "lastName", "title": "title", "group": "teamId", "department": "department",
			"role": "accessLevel",
		},
	}
	s.TeamCreator = creator[connectors.NewTeam, connectors.Team]{
		c, actionAddUserGroup, teamParams, team, completeTeam, map[string]string{"title": "name", "client": "kind"},
	}
	s.ContactCreator = creator[connectors.NewContact, connectors.Contact]{
		c, actionAddContact, contactParams, to.contact, completeContact, map[string]string{
			"email": "email", "name": "name", "title": "title", "group": "folderId", "phone": "phones", "phone2": "phones", "phone3": "phones",
			"phone4": "phones", "address": "addresses", "address2": "addresses",
		},
	}
	s.ContactFolderCreator = creator[connectors.NewContactFolder, connectors.ContactFolder]{
		c, actionAddContactGroup, folderParams, folder, completeFolder, map[string]string{"title": "name"},
	}
	s.TaskSubscriber = subscriber{c}
}
