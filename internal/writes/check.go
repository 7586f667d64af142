package writes

import (
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"roster/connectors"
	"roster/internal/address"
	"roster/internal/directory"
	"roster/internal/names"
)

// MaxErrors is the largest number of errors that one write reports.
const MaxErrors = 20

// checks collects the errors of an input.
type checks struct {
	terms  connectors.Terms
	source *connectors.Source
	dir    *directory.Directory
	faults []UserError
	others int // errors that are only counted
	began  time.Time
}

func (c *checks) fault(code Code, message string, path ...string) {
	if len(c.faults) >= MaxErrors {
		c.others++
		return
	}
	c.faults = append(c.faults, UserError{input(path...), code, message})
}

// rejected returns the answer to an input with errors. If there are too many, the last one has the number of the others.
func (c *checks) rejected() Result {
	if c.others > 0 {
		last := len(c.faults) - 1
		c.faults[last] = UserError{input(), c.faults[last].Code, fmt.Sprintf("has %d more errors", c.others+1)}
		c.others = 0
	}
	return rejected(c.faults...)
}

// key checks an idempotency key.
func (c *checks) key(key *string) {
	if key == nil {
		return
	}
	if n := len(*key); n == 0 || n > 255 || strings.ContainsFunc(*key, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
		c.fault(Invalid, "must be 1 to 255 printable ASCII characters", "idempotencyKey")
	}
}

// text checks an optional text and returns it with normalized white space. A text without visible characters counts as absent.
func (c *checks) text(value *string, path ...string) string {
	if value == nil {
		return ""
	}
	s := strings.Join(strings.Fields(*value), " ")
	switch {
	case !utf8.ValidString(*value) || strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		c.fault(Invalid, "must hold no control characters", path...)
	case utf8.RuneCountInString(s) > c.terms.MaxText:
		c.fault(Invalid, "must have at most "+strconv.Itoa(c.terms.MaxText)+" characters", path...)
	default:
		return names.Clean(s) // empty if the text looks blank, because nobody could search for it
	}
	return s
}

// required checks a text that must be present.
func (c *checks) required(value string, path ...string) string {
	s := c.text(&value, path...)
	if s == "" {
		c.fault(Invalid, "must not be blank", path...)
	}
	return s
}

func (c *checks) email(value string, path ...string) string {
	s := strings.TrimSpace(value)
	switch {
	case s == "":
		c.fault(Invalid, "must not be blank", path...)
	case len(s) > c.terms.MaxEmail:
		c.fault(Invalid, "must have at most "+strconv.Itoa(c.terms.MaxEmail)+" characters", path...)
	case !isAddress(s):
		c.fault(Invalid, "must be an e-mail address, such as name@example.com", path...)
	}
	return s
}

// isAddress reports whether s can be an internet mailbox in the form that all sources accept: without quotes, comments and address literals.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || strings.ContainsAny(s, "\"<>(),;:\\[] ") || strings.ContainsFunc(s, invisible) {
		return false
	}
	at := strings.LastIndex(s, "@")
	local, host := s[:at], s[at+1:]
	return len(local) <= 64 && strings.Contains(host, ".") && !slices.ContainsFunc(strings.Split(host, "."), func(label string) bool {
		return label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-")
	})
}

// invisible reports whether a character is invisible: with such a character, an address looks like another address but differs from it.
func invisible(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }

// holds reports whether a source's fields contain an address.
func holds(fields []connectors.Email, mailbox string) bool {
	key := address.Key(mailbox)
	return slices.ContainsFunc(fields, func(e connectors.Email) bool {
		return slices.ContainsFunc(address.Parse(e.Address), func(a address.Address) bool { return a.Key == key })
	})
}

func sameName(a, b string) bool { return names.Key(a) == names.Key(b) }

// team checks the ID of a team and returns the reference by which the source knows the team.
func (c *checks) team(id *string, path ...string) *connectors.TeamRef {
	if id == nil {
		return nil
	}
	t := c.dir.Team(*id)
	switch {
	case directory.TypeOf(*id) != "Team":
		c.fault(Invalid, "is not the ID of a team", path...)
	case t == nil:
		c.fault(NotFound, "there is no such team", path...)
	case t.Source.Name != c.source.Name:
		c.fault(NotFound, fmt.Sprintf("is a team of %s, not of %s", t.Source.Name, c.source.Name), path...)
	case c.dir.NamesakesOfTeam(t) > 0:
		c.fault(Invalid, "the source knows teams by their names, and has several of that name", path...)
	default:
		return &connectors.TeamRef{ID: string(t.ExternalID), Name: t.Name}
	}
	return nil
}

// folder checks the ID of a contact folder, as team does.
func (c *checks) folder(id *string, path ...string) *connectors.FolderRef {
	if id == nil {
		return nil
	}
	f := c.dir.Folder(*id)
	switch {
	case directory.TypeOf(*id) != "ContactFolder":
		c.fault(Invalid, "is not the ID of a contact folder", path...)
	case f == nil:
		c.fault(NotFound, "there is no such contact folder", path...)
	case f.Source.Name != c.source.Name:
		c.fault(NotFound, fmt.Sprintf("is a contact folder of %s, not of %s", f.Source.Name, c.source.Name), path...)
	case c.dir.NamesakesOfFolder(f) > 0:
		c.fault(Invalid, "the source knows contact folders by their names, and has several of that name", path...)
	default:
		return &connectors.FolderRef{ID: string(f.ExternalID), Name: f.Name}
	}
	return nil
}

// access checks the access level of an invitation; without one, the source chooses.
func (c *checks) access(level *connectors.AccessLevel, path ...string) connectors.AccessLevel {
	if level == nil {
		return connectors.AccessNone
	}
	if !slices.Contains(c.terms.Access, *level) {
		var takes []string
		for _, l := range c.terms.Access {
			takes = append(takes, strings.ToUpper(l.String()))
		}
		c.fault(Invalid, "the source takes "+strings.Join(takes, ", ")+" only", path...)
	}
	return *level
}

// phones checks phone numbers: at most one of each kind that the source accepts.
func (c *checks) phones(phones []connectors.Phone) []connectors.Phone {
	var out []connectors.Phone
	for i, p := range phones {
		at := []string{"phones", strconv.Itoa(i)}
		p.Raw = c.text(&p.Raw, append(at, "number")...)
		if !strings.ContainsAny(p.Raw, "0123456789") {
			c.fault(Invalid, "must be a phone number", append(at, "number")...)
		}
		switch {
		case !slices.Contains(c.terms.PhoneKinds, p.Kind):
			c.fault(Invalid, "the source has no place for a number of this kind", append(at, "kind")...)
		case slices.ContainsFunc(out, func(o connectors.Phone) bool { return o.Kind == p.Kind }):
			c.fault(Invalid, "the source has place for one number of each kind", append(at, "kind")...)
		}
		out = append(out, p)
	}
	return out
}

func (c *checks) addresses(addresses []string) []string {
	if len(addresses) > c.terms.MaxAddresses {
		c.fault(Invalid, "the source has place for "+strconv.Itoa(c.terms.MaxAddresses), "addresses")
	}
	var out []string
	for i, a := range addresses {
		if a = c.text(&a, "addresses", strconv.Itoa(i)); a == "" {
			c.fault(Invalid, "must not be blank", "addresses", strconv.Itoa(i))
		}
		out = append(out, a)
	}
	return out
}
