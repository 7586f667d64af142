package kommo

import (
	"crypto/sha256"
	"encoding/json"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/internal/rest"
)

// page is what surrounds the rows of a list.
type page struct {
	number *int // nil where the list does not say which page this is
	total  *int // nil where the list does not count its rows, as contacts
	pages  *int // nil where the list does not count its pages
	next   string
	digest [sha256.Size]byte // of the rows as they came
}

// decodePage reads one page of a list, whose rows are under key.
func decodePage[W any](resp *rest.Response, key string) (page, []W, error) {
	var wire struct {
		Page       *rest.Scalar `json:"_page"`
		PageCount  *rest.Scalar `json:"_page_count"`
		TotalItems *rest.Scalar `json:"_total_items"`
		Links      struct {
			Next *struct {
				Href string `json:"href"`
			} `json:"next"`
		} `json:"_links"`
		Embedded map[string]json.RawMessage `json:"_embedded"`
	}
	if err := resp.JSON(&wire); err != nil {
		return page{}, nil, err
	}
	raw, listed := wire.Embedded[key]
	// Kommo leaves empty objects out, so a page may lack its rows. But what is no page at all must not pass for an empty list.
	if !listed && wire.Page == nil {
		return page{}, nil, resp.Fail(connectors.KindBadResponse, "not a list of "+key)
	}
	var rows []W
	if listed {
		part := *resp
		part.Body = raw
		if err := part.JSON(&rows); err != nil {
			return page{}, nil, err
		}
	}
	p := page{digest: sha256.Sum256(raw), number: counted(wire.Page), total: counted(wire.TotalItems), pages: counted(wire.PageCount)}
	if wire.Links.Next != nil {
		p.next = wire.Links.Next.Href
	}
	return p, rows, nil
}

// counted gives what a scalar counts; nil where it is absent or no number.
func counted(s *rest.Scalar) *int {
	if s == nil {
		return nil
	}
	n, err := strconv.Atoi(string(*s))
	if err != nil {
		return nil
	}
	return &n
}

// user is a row of /users. Which keys are there depends on the query's "with".
type user struct {
	ID          rest.Scalar `json:"id"`
	Name        rest.Scalar `json:"name"` // may be missing
	Email       rest.Scalar `json:"email"`
	Lang        rest.Scalar `json:"lang"`
	Rights      rights      `json:"rights"`
	UUID        rest.Scalar `json:"uuid"`
	AmojoID     rest.Scalar `json:"amojo_id"`
	UserRank    rest.Scalar `json:"user_rank"`
	PhoneNumber rest.Scalar `json:"phone_number"`
	Embedded    struct {
		Roles  []named `json:"roles"`  // nil where absent or null
		Groups []named `json:"groups"` // the same
	} `json:"_embedded"`
}

// rights are those of a user or of a role; a role's lack the flags and both IDs. The key catalog_rights is left alone: it is served in
// shapes that contradict each other, and nothing here needs it.
type rights struct {
	Leads         actions    `json:"leads"`
	Contacts      actions    `json:"contacts"`
	Companies     actions    `json:"companies"`
	Tasks         actions    `json:"tasks"`
	MailAccess    bool       `json:"mail_access"`
	CatalogAccess bool       `json:"catalog_access"`
	StatusRights  []stage    `json:"status_rights"` // null, absent and [] mean the same
	IsAdmin       bool       `json:"is_admin"`
	IsFree        bool       `json:"is_free"`
	IsActive      *bool      `json:"is_active"`
	GroupID       optionalID `json:"group_id"`
	RoleID        optionalID `json:"role_id"`
}

// stage is what differs from the other rights in one stage of a pipeline.
type stage struct {
	EntityType rest.Scalar `json:"entity_type"`
	PipelineID rest.Scalar `json:"pipeline_id"`
	StatusID   rest.Scalar `json:"status_id"`
	Rights     actions     `json:"rights"`
}

// actions maps actions to letters. Anything else than an object holds none, as [] in the place of an empty object.
type actions map[string]string

// UnmarshalJSON takes what can be read as letters.
func (a *actions) UnmarshalJSON(b []byte) error {
	*a = nil
	if b[0] != '{' {
		return nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*a = make(actions, len(raw))
	for action, value := range raw {
		var letter rest.Scalar
		if err := json.Unmarshal(value, &letter); err != nil {
			letter = "" // a grant in words that are new
		}
		(*a)[action] = string(letter)
	}
	return nil
}

// optionalID tells a key that is null from one that is absent.
type optionalID struct {
	present bool
	value   rest.Scalar // empty for null
}

// UnmarshalJSON is called only where the key is there.
func (o *optionalID) UnmarshalJSON(b []byte) error {
	o.present = true
	return json.Unmarshal(b, &o.value)
}

// named is a group, a role or a tag where another record mentions it.
type named struct {
	ID   rest.Scalar `json:"id"`
	Name rest.Scalar `json:"name"`
}

// role is a row of /roles.
type role struct {
	ID     rest.Scalar `json:"id"`
	Name   rest.Scalar `json:"name"`
	Rights *rights     `json:"rights"`
}

// account is the reply of /account.
type account struct {
	ID       rest.Scalar `json:"id"`
	Embedded struct {
		UsersGroups []named `json:"users_groups"` // nil where not asked for
	} `json:"_embedded"`
}

// contact is a row of /contacts.
type contact struct {
	ID                rest.Scalar   `json:"id"`
	Name              rest.Scalar   `json:"name"`
	FirstName         rest.Scalar   `json:"first_name"`
	LastName          rest.Scalar   `json:"last_name"`
	ResponsibleUserID rest.Scalar   `json:"responsible_user_id"`
	CreatedAt         rest.Scalar   `json:"created_at"` // Unix seconds
	UpdatedAt         rest.Scalar   `json:"updated_at"`
	IsDeleted         bool          `json:"is_deleted"`
	CustomFields      []customField `json:"custom_fields_values"` // null where there are none
	Embedded          struct {
		Tags []named `json:"tags"`
	} `json:"_embedded"`
}

// The codes of the built-in fields. Names of fields are localised, and their IDs differ between accounts.
const (
	codePhone = "PHONE"
	codeEmail = "EMAIL"
)

// customField is a phone or e-mail field of a contact; of any other field only that it is there.
type customField struct {
	code   string
	values []fieldValue
}

type fieldValue struct {
	Value    rest.Scalar `json:"value"`
	EnumCode rest.Scalar `json:"enum_code"`
	Enum     rest.Scalar `json:"enum"` // as older payloads call it
}

// UnmarshalJSON leaves the values of other fields alone: they have many types, objects among them.
func (f *customField) UnmarshalJSON(b []byte) error {
	var wire struct {
		Code   rest.Scalar     `json:"field_code"`
		Values json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(b, &wire); err != nil {
		return err
	}
	*f = customField{code: strings.ToUpper(string(wire.Code))}
	if (f.code != codePhone && f.code != codeEmail) || wire.Values == nil {
		return nil
	}
	return json.Unmarshal(wire.Values, &f.values)
}
