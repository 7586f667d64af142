package directory

import (
	"slices"

	"roster/connectors"
)

// Change is a change of the rules of the configuration that a preview tries. What is nil stays as it is. Edits stay in force.
type Change struct {
	// Links and Splits are added to those of the configuration or, with Replace, replace them.
	Links, Splits [][]connectors.Ref
	Replace       bool
	// Anchors and SharedMailboxes replace those of the configuration.
	Anchors         []Anchor
	SharedMailboxes []string
	// Trust has new policies for sources, by their names.
	Trust map[string]TrustPolicy
}

// apply returns the rules and the data with the change. It changes neither.
func (c *Change) apply(rules Rules, data []SourceData) (Rules, []SourceData) {
	if c.Replace {
		rules.Links, rules.Splits = nil, nil
	}
	rules.Links, rules.Splits = slices.Concat(rules.Links, c.Links), slices.Concat(rules.Splits, c.Splits)
	if c.Anchors != nil {
		rules.Anchors = c.Anchors
	}
	if c.SharedMailboxes != nil {
		rules.SharedMailboxes = c.SharedMailboxes
	}
	data = slices.Clone(data)
	for i := range data {
		if policy, ok := c.Trust[data[i].Name]; ok {
			data[i].Trust = policy
		}
	}
	return rules, data
}

// Rules returns the rules by which the accounts are joined, and what a change makes of them.
func (d *Directory) Rules(c *Change) (now, then Rules) {
	then, _ = c.apply(d.joining, nil)
	return d.joining, then
}

// Preview is how a change of the rules would change the people.
type Preview struct {
	People, PeopleAfter int
	merges              []*PreviewedPerson
	splits              []*PreviewedSplit
	ids                 []*PreviewedID
	unknown             []string
}

// PreviewedPerson is a person as the change would make them.
type PreviewedPerson struct {
	ID, Name string
	accounts []Account // of the present directory
}

// PreviewedSplit is a person whose accounts the change would divide.
type PreviewedSplit struct {
	User   *User
	people []*PreviewedPerson
}

// PreviewedID is a person whose ID the change would replace. The present one would still find the person.
type PreviewedID struct {
	User *User
	ID   string
}

// MergeCount returns the number of people who would have accounts of several present people.
func (p *Preview) MergeCount() int { return len(p.merges) }

// SplitCount returns the number of present people whose accounts would be divided.
func (p *Preview) SplitCount() int { return len(p.splits) }

// IDChangeCount returns the number of present people whose ID would be replaced.
func (p *Preview) IDChangeCount() int { return len(p.ids) }

// Merges returns the first people who would have accounts of several present people, by name.
func (p *Preview) Merges(first int) ([]*PreviewedPerson, error) { return firstOf(p.merges, first) }

// Splits returns the first present people whose accounts would be divided, by name.
func (p *Preview) Splits(first int) ([]*PreviewedSplit, error) { return firstOf(p.splits, first) }

// IDChanges returns the first present people whose ID would be replaced, by name.
func (p *Preview) IDChanges(first int) ([]*PreviewedID, error) { return firstOf(p.ids, first) }

// UnknownAccounts returns the first accounts that the links and splits of the change name and that do not exist, as source/id.
func (p *Preview) UnknownAccounts(first int) ([]string, error) { return firstOf(p.unknown, first) }

// Accounts returns the person's first accounts, as the present directory has them.
func (p *PreviewedPerson) Accounts(first int) ([]Account, error) { return firstOf(p.accounts, first) }

// People returns the first people among whom the accounts would be divided.
func (s *PreviewedSplit) People(first int) ([]*PreviewedPerson, error) {
	return firstOf(s.people, first)
}

// PreviewUntil builds a second directory with the change, and compares the people. Data is what this directory was built from. It returns ErrStopped soon
// after stop has become true.
func (d *Directory) PreviewUntil(stop func() bool, c *Change, data []SourceData) (*Preview, error) {
	rules, data := c.apply(d.joining, data)
	rules.Authority = ""  // leavers are not compared
	for i := range data { // who is one person depends on nothing else
		s := &data[i]
		data[i] = SourceData{Name: s.Name, Kind: s.Kind, Trust: s.Trust, Accounts: s.Accounts}
	}
	after, err := BuildUntil(stop, rules, data)
	if err != nil {
		return nil, err
	}
	p := d.compare(after)
	p.unknown = d.unknown(slices.Concat(c.Links, c.Splits))
	return p, nil
}

// unknown returns the accounts that do not exist, each once, as source/id.
func (d *Directory) unknown(lists [][]connectors.Ref) []string {
	var all connectors.Distinct[string]
	for _, refs := range lists {
		for _, ref := range refs {
			if d.accounts[ref] == nil {
				all.Add(ref.String())
			}
		}
	}
	return all.Values()
}

// compare compares the people with those of a directory that has the same accounts.
func (d *Directory) compare(after *Directory) *Preview {
	p := &Preview{People: len(d.users.all), PeopleAfter: len(after.users.all)}
	for _, then := range after.users.all {
		if now := counterparts(then, d); len(now) > 1 {
			p.merges = append(p.merges, d.previewed(then))
		}
	}
	for _, now := range d.users.all {
		then := counterparts(now, after)
		if len(then) > 1 {
			split := &PreviewedSplit{User: now}
			for _, u := range then {
				split.people = append(split.people, d.previewed(u))
			}
			p.splits = append(p.splits, split)
		}
		if id := then[0].ID; id != now.ID { // the first account is the one that the present ID names
			p.ids = append(p.ids, &PreviewedID{User: now, ID: id})
		}
	}
	return p
}

// counterparts returns the people of another directory who have a person's accounts, in the order of the accounts.
func counterparts(u *User, other *Directory) []*User {
	var all []*User
	for _, a := range u.Accounts {
		if o := other.UserByAccount(a.Core().Ref()); !slices.Contains(all, o) {
			all = append(all, o)
		}
	}
	return all
}

func (d *Directory) previewed(then *User) *PreviewedPerson {
	p := &PreviewedPerson{ID: then.ID, Name: then.Name}
	for _, a := range then.Accounts {
		p.accounts = append(p.accounts, d.accounts[a.Core().Ref()])
	}
	return p
}
