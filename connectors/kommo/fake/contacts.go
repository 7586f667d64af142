package fake

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

type wireContact struct {
	ID                int64          `json:"id"`
	Name              string         `json:"name"`
	FirstName         string         `json:"first_name"`
	LastName          string         `json:"last_name"`
	ResponsibleUserID int64          `json:"responsible_user_id"`
	GroupID           int64          `json:"group_id"`
	CreatedBy         int64          `json:"created_by"`
	UpdatedBy         int64          `json:"updated_by"`
	CreatedAt         int64          `json:"created_at"`
	UpdatedAt         int64          `json:"updated_at"`
	ClosestTaskAt     *int64         `json:"closest_task_at"`
	IsDeleted         bool           `json:"is_deleted"`
	IsUnsorted        bool           `json:"is_unsorted"`
	CustomFields      []wireField    `json:"custom_fields_values"` // null, not [], for none
	AccountID         int64          `json:"account_id"`
	Links             *links         `json:"_links"`
	Embedded          map[string]any `json:"_embedded"`
}

// wireDeleted is all that is left of a contact that was deleted.
type wireDeleted struct {
	ID        int64  `json:"id"`
	IsDeleted bool   `json:"is_deleted"`
	Links     *links `json:"_links"`
}

type wireField struct {
	ID     int64       `json:"field_id"`
	Name   string      `json:"field_name"`
	Code   *string     `json:"field_code"`
	Type   string      `json:"field_type"`
	Values []wireValue `json:"values"`
}

type wireValue struct {
	Value    any    `json:"value"`
	EnumCode string `json:"enum_code,omitempty"`
	Enum     string `json:"enum,omitempty"` // as it was called before
}

type wireTag struct {
	ID    int64   `json:"id"`
	Name  string  `json:"name"`
	Color *string `json:"color"`
}

type wireCompany struct {
	ID    int64  `json:"id"`
	Links *links `json:"_links"`
}

// contact shows a contact. Tags and companies come without being asked for.
func (c *call) contact(k Contact) any {
	self := c.selfLink("contacts", k.ID)
	if k.IsDeleted {
		return wireDeleted{ID: k.ID, IsDeleted: true, Links: self}
	}
	tags := make([]wireTag, 0, len(k.Tags))
	for _, t := range k.Tags {
		tags = append(tags, wireTag{ID: t.ID, Name: t.Name})
	}
	companies := make([]wireCompany, 0, len(k.CompanyIDs))
	for _, id := range k.CompanyIDs {
		companies = append(companies, wireCompany{id, c.selfLink("companies", id)})
	}
	return wireContact{
		ID: k.ID, Name: k.Name, FirstName: k.FirstName, LastName: k.LastName,
		ResponsibleUserID: k.ResponsibleUserID, GroupID: k.GroupID, CreatedBy: k.CreatedBy, UpdatedBy: k.UpdatedBy,
		CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt, ClosestTaskAt: nullable(k.ClosestTaskAt), IsUnsorted: k.IsUnsorted,
		CustomFields: c.fields(k), AccountID: c.index.data.Account.ID, Links: self,
		Embedded: map[string]any{"tags": tags, "companies": companies},
	}
}

// The IDs of the built-in fields; every account has its own.
const (
	phoneField = 90101
	emailField = 90102
)

func (c *call) fields(k Contact) []wireField {
	if c.options.NoCustomFields {
		return nil
	}
	var fields []wireField
	add := func(f wireField, code string) {
		if code != "" {
			f.Code = &code
		}
		if len(f.Values) > 0 {
			fields = append(fields, f)
		}
	}
	add(wireField{ID: phoneField, Name: "Teléfono", Type: "multitext", Values: c.values(k.Phones)}, "PHONE")
	add(wireField{ID: emailField, Name: "Correo", Type: "multitext", Values: c.values(k.Emails)}, "EMAIL")
	for _, f := range k.Fields {
		w := wireField{ID: f.ID, Name: f.Name, Type: f.Type}
		for _, v := range f.Values {
			w.Values = append(w.Values, wireValue{Value: v})
		}
		add(w, f.Code)
	}
	return fields
}

func (c *call) values(values []Value) []wireValue {
	var out []wireValue
	for _, v := range values {
		w := wireValue{Value: v.Value, EnumCode: v.Enum}
		if c.options.OldEnums {
			w.Enum, w.EnumCode = v.Enum, ""
		}
		out = append(out, w)
	}
	return out
}

// changed gives the bounds of the filter by the time of change, both included; ok is false where there is none.
func (c *call) changed(query url.Values) (from, to int64, ok bool) {
	if c.options.NoChangeFilter {
		return 0, 0, false
	}
	to = math.MaxInt64
	if n, err := strconv.ParseInt(query.Get("filter[updated_at][from]"), 10, 64); err == nil {
		from, ok = n, true
	}
	if n, err := strconv.ParseInt(query.Get("filter[updated_at][to]"), 10, 64); err == nil {
		to, ok = n, true
	}
	return from, to, ok
}

// contacts gives the contacts that the request asks for, in its order. Filters and orders that are not known are ignored, as Kommo does.
func (c *call) contacts() []Contact {
	query := c.r.URL.Query()
	rows, descending := c.index.data.Contacts, false
	if by := query.Get("order[id]"); by != "" {
		rows, descending = c.index.byID, by == "desc"
	} else if by := query.Get("order[updated_at]"); by != "" {
		rows, descending = c.index.byUpdated, by == "desc"
	}
	wanted := make(map[string]bool)
	for name, values := range query {
		if strings.HasPrefix(name, "filter[id]") { // filter[id][], filter[id][0], or filter[id]
			for _, v := range values {
				wanted[v] = true
			}
		}
	}
	if len(wanted) > 0 {
		rows = slices.DeleteFunc(slices.Clone(rows), func(k Contact) bool { return !wanted[key(k.ID)] })
	}
	if from, to, ok := c.changed(query); ok {
		rows = slices.DeleteFunc(slices.Clone(rows), func(k Contact) bool { return k.UpdatedAt < from || k.UpdatedAt > to })
	}
	if descending {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	}
	return rows
}
