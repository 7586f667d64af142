package resolvers

import (
	"fmt"
	"slices"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/address"
	"roster/internal/directory"
)

// The bounds of a preview's input. A list of accounts has a rule for each pair.
const (
	maxAccountLists  = 1000
	maxListAccounts  = 100
	maxPreviewValues = 1000
	maxAnchors       = 10
)

// changeOf reads and checks the input of a preview.
func changeOf(d *directory.Directory, input *model.IdentityPreviewInput) (*directory.Change, error) {
	c := &directory.Change{Replace: input.Replace, Trust: make(map[string]directory.TrustPolicy)}
	var err error
	if c.Links, err = accountLists(d, "input.links", input.Links); err != nil {
		return nil, err
	}
	if c.Splits, err = accountLists(d, "input.splits", input.Splits); err != nil {
		return nil, err
	}
	for i, t := range input.EmailTrust {
		at := fmt.Sprintf("input.emailTrust[%d].source", i)
		if err := d.CheckSource(at, t.Source); err != nil {
			return nil, err
		}
		if _, given := c.Trust[t.Source]; given {
			return nil, &directory.InputError{Argument: at, Message: "the list has this source already"}
		}
		c.Trust[t.Source] = directory.PolicyFor(t.Trust)
	}
	if len(input.SharedMailboxes) > maxPreviewValues {
		return nil, &directory.InputError{Argument: "input.sharedMailboxes", Message: fmt.Sprintf("must be at most %d", maxPreviewValues)}
	}
	for i, local := range input.SharedMailboxes {
		if address.Local(local) == "" {
			return nil, &directory.InputError{Argument: fmt.Sprintf("input.sharedMailboxes[%d]", i), Message: "must be what stands before the @, such as info"}
		}
	}
	c.SharedMailboxes = input.SharedMailboxes
	c.Anchors, err = anchorsOf(d, input.Anchors)
	return c, err
}

func accountLists(d *directory.Directory, argument string, lists []*model.AccountListInput) ([][]connectors.Ref, error) {
	if len(lists) > maxAccountLists {
		return nil, &directory.InputError{Argument: argument, Message: fmt.Sprintf("must be at most %d lists", maxAccountLists)}
	}
	all := make([][]connectors.Ref, 0, len(lists))
	for i, list := range lists {
		at := fmt.Sprintf("%s[%d].accounts", argument, i)
		if n := len(list.Accounts); n < 2 || n > maxListAccounts {
			return nil, &directory.InputError{Argument: at, Message: fmt.Sprintf("must name 2 to %d accounts", maxListAccounts)}
		}
		refs := make([]connectors.Ref, 0, len(list.Accounts))
		for j, a := range list.Accounts {
			if err := d.CheckSource(fmt.Sprintf("%s[%d].source", at, j), a.Source); err != nil {
				return nil, err
			}
			refs = append(refs, connectors.Ref{Source: a.Source, ID: a.ExternalID})
		}
		all = append(all, refs)
	}
	return all, nil
}

// anchorsOf returns nil, for the anchors of the configuration, if the input has none.
func anchorsOf(d *directory.Directory, input []*model.AnchorInput) ([]directory.Anchor, error) {
	if input == nil {
		return nil, nil
	}
	if len(input) > maxAnchors {
		return nil, &directory.InputError{Argument: "input.anchors", Message: fmt.Sprintf("must be at most %d", maxAnchors)}
	}
	all := make([]directory.Anchor, 0, len(input))
	for i, a := range input {
		if slices.ContainsFunc(all, func(other directory.Anchor) bool { return other.Name == a.Name }) {
			return nil, &directory.InputError{Argument: fmt.Sprintf("input.anchors[%d].name", i), Message: "another anchor has this name"}
		}
		anchor := directory.Anchor{Name: a.Name, Fields: make(map[string]string)}
		for j, f := range a.Fields {
			at := fmt.Sprintf("input.anchors[%d].fields[%d].source", i, j)
			if err := d.CheckSource(at, f.Source); err != nil {
				return nil, err
			}
			if _, given := anchor.Fields[f.Source]; given {
				return nil, &directory.InputError{Argument: at, Message: "the list has another field of this source"}
			}
			anchor.Fields[f.Source] = f.Field
		}
		all = append(all, anchor)
	}
	return all, nil
}
