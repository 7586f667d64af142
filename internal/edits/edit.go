package edits

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/directory"
)

// Kind is what an edit does.
type Kind string

// The kinds of edits.
const (
	Link  Kind = "LINK"
	Split Kind = "SPLIT"
)

// Edit is one edit. It is immutable.
type Edit struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Accounts are the linked accounts, or the one that is split off.
	Accounts Refs `json:"accounts"`
	// From are the accounts from which Accounts[0] is split off.
	From Refs `json:"from,omitempty"`
	// Together are groups of accounts on one side of a split that have an address in common. The address would join them no more, because it is ambiguous after
	// the split. A later split of one of the accounts ends that.
	Together []Refs `json:"together,omitempty"`
	Made     Act    `json:"made"`
	// Undone is nil while the edit is in force.
	Undone *Act `json:"undone,omitempty"`
}

// Act is the making or the undoing of an edit.
type Act struct {
	At time.Time `json:"at"`
	// By is the caller, and Method how the caller was authenticated. By is empty without authentication.
	By     string `json:"by,omitempty"`
	Method string `json:"method,omitempty"`
	Reason string `json:"reason"`
	// Former are the accounts that gave IDs, before the act, to the people whom it concerned.
	Former Refs `json:"former,omitempty"`
	// Key is a hash of the caller and the idempotency key, and Input a hash of the input; empty without a key.
	Key   string `json:"key,omitempty"`
	Input string `json:"input,omitempty"`
}

// rules returns the links and splits of an edit. Later are the accounts that a later split concerns.
func (e *Edit) rules(later map[connectors.Ref]bool) directory.Edit {
	out := directory.Edit{ID: e.ID}
	if e.Kind == Link {
		out.Links = [][]connectors.Ref{e.Accounts}
		return out
	}
	for _, group := range e.Together {
		group = slices.DeleteFunc(slices.Clone(group), func(ref connectors.Ref) bool { return later[ref] })
		if len(group) > 1 {
			out.Links = append(out.Links, group)
		}
	}
	for _, account := range e.Accounts {
		for _, from := range e.From {
			out.Splits = append(out.Splits, []connectors.Ref{account, from})
		}
	}
	return out
}

// Refs are accounts, stored in the form of the configuration: source/id.
type Refs []connectors.Ref

// MarshalJSON writes a list of texts.
func (r Refs) MarshalJSON() ([]byte, error) { return json.Marshal(r.texts()) }

// UnmarshalJSON reads a list of texts.
func (r *Refs) UnmarshalJSON(data []byte) error {
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		return err
	}
	*r = make(Refs, len(texts))
	for i, text := range texts {
		source, id, ok := strings.Cut(text, "/") // only at the first slash: an ID may contain slashes
		if !ok || source == "" || id == "" {
			return errAccount
		}
		(*r)[i] = connectors.Ref{Source: source, ID: id}
	}
	return nil
}

var errAccount = errors.New("an account is not written as source/id")

// texts returns the accounts in the form of the configuration.
func (r Refs) texts() []string {
	out := make([]string, len(r))
	for i, ref := range r {
		out[i] = ref.String()
	}
	return out
}

// sorted returns the accounts in a fixed order.
func (r Refs) sorted() Refs {
	out := slices.Clone(r)
	slices.SortFunc(out, compareRefs)
	return out
}

func compareRefs(a, b connectors.Ref) int {
	if c := strings.Compare(a.Source, b.Source); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}
