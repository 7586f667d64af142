package connectors

import "roster/connectors/wire"

// Details is what only one kind of source tells of an account: a pointer, of the type that Kind.Details makes. It is not modified once it is part of
// an account.
type Details interface {
	// Fields lists the fields in the order of their encoding. What it writes may change at any time: snapshots that were stored before are then
	// fetched again. A change of what a field means, without one of its type, needs another Kind.DetailsVersion.
	Fields(c *wire.Codec)
}

// PartialDetails are details that an incomplete fetch may have only in part: the connector lists the accounts first, and asks for the rest afterwards.
type PartialDetails interface {
	Details
	// Completed returns the details, with what they lack and the earlier details of the account have. It modifies neither.
	Completed(earlier Details) Details
}

// Attributes are the details of a kind that has no account type of its own in the graph: what to show, by names that the kind chooses.
type Attributes []Attribute

// Attribute is one thing that a source tells of an account.
type Attribute struct{ Name, Value string }

// Fields lists the attributes.
func (a *Attributes) Fields(c *wire.Codec) { wire.List(c, (*[]Attribute)(a), attributeFields) }

func attributeFields(c *wire.Codec, a *Attribute) {
	c.String(&a.Name)
	c.String(&a.Value)
}

// Attributes returns them as a list.
func (a *Attributes) Attributes() []Attribute { return *a }

// NewAttributes is Kind.Details for a kind whose accounts have Attributes.
func NewAttributes() Details { return new(Attributes) }

// Value returns the value of the attribute with this name; of several, the first one.
func (a *Attributes) Value(name string) string {
	for _, attribute := range *a {
		if attribute.Name == name {
			return attribute.Value
		}
	}
	return ""
}

// Values returns the values of all attributes with this name.
func (a *Attributes) Values(name string) []string {
	var values []string
	for _, attribute := range *a {
		if attribute.Name == name {
			values = append(values, attribute.Value)
		}
	}
	return values
}

// The names of the fields that accounts of every kind have, for Account.Field.
const (
	AccountID       = "id"
	AccountUsername = "username"
)

// Field returns the value of a field by its name: AccountID, AccountUsername, or a name that the details know, if they have the methods
// Value(name string) string and Values(name string) []string.
// It returns "" if there is no value.
func (a *Account) Field(name string) string {
	switch name {
	case AccountID:
		return a.ID
	case AccountUsername:
		return a.Username
	}
	if d, ok := a.Details.(namedFields); ok {
		return d.Value(name)
	}
	return ""
}

// FieldValues returns the values of a field that only the account's kind of source has, by the name that Field takes; nil for none.
func (a *Account) FieldValues(name string) []string {
	if d, ok := a.Details.(namedFields); ok {
		return d.Values(name)
	}
	return nil
}

// namedFields are details whose fields have names that the operator knows. Value returns "" for a field that cannot tell accounts apart.
type namedFields interface {
	Value(name string) string
	Values(name string) []string
}

// NamesFields reports whether Account.Field finds more than the fields that accounts of every kind have.
func (k *Kind) NamesFields() bool {
	if k.Details == nil {
		return false
	}
	_, ok := k.Details().(namedFields)
	return ok
}

// DetailsOf returns the details of an account as its kind's type; those of another type, or none, are empty ones.
func DetailsOf[T any](a *Account) *T {
	if d, ok := any(a.Details).(*T); ok && d != nil {
		return d
	}
	return new(T)
}

// HandleFields lists the fields of a handle.
func HandleFields(c *wire.Codec, h *Handle) {
	c.String(&h.Service)
	c.String(&h.Value)
}

// PermissionFields lists the fields of a permission.
func PermissionFields(c *wire.Codec, p *Permission) {
	c.String(&p.Entity)
	c.String(&p.Action)
	wire.Enum(c, &p.Grant, GrantDenied)
}

// StagePermissionFields lists the fields of a permission in one stage.
func StagePermissionFields(c *wire.Codec, p *StagePermission) {
	c.String(&p.Entity)
	c.String(&p.PipelineID)
	c.String(&p.StageID)
	c.String(&p.Action)
	wire.Enum(c, &p.Grant, GrantDenied)
}
