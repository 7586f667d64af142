package directory_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
	namekey "roster/internal/names"
)

func attributes(pairs ...string) *connectors.Attributes {
	var a connectors.Attributes
	for i := 0; i < len(pairs); i += 2 {
		a = append(a, connectors.Attribute{Name: pairs[i], Value: pairs[i+1]})
	}
	return &a
}

func customValues(pairs ...string) *connectors.CustomValues {
	var values connectors.CustomValues
	for _, a := range *attributes(pairs...) {
		values = append(values, connectors.CustomValue{Path: a.Name, Value: a.Value})
	}
	return &values
}

var personFields = []connectors.CustomField{
	{Path: "g", Name: "grade", Type: connectors.CustomNumber}, {Path: "team name", Name: "team"}, {Path: "r", Name: "remote", Type: connectors.CustomBoolean},
	{Path: "s", Name: "started", Type: connectors.CustomDate}, {Path: "l", Name: "languages", Type: connectors.CustomList},
}

// attributeText is an attribute as the graph shows it.
func attributeText(v *directory.AttributeValue) string {
	text := fmt.Sprintf("%s %s %q %q", v.Name, v.Type, v.Value(), v.Values())
	if n := v.Number(); n != nil {
		text += fmt.Sprintf(" number %g", *n)
	}
	if b := v.Boolean(); b != nil {
		text += fmt.Sprintf(" boolean %t", *b)
	}
	if d := v.Date(); d != nil {
		text += " date " + d.Format(time.RFC3339)
	}
	if a := v.Account(); a != nil {
		text += " of " + a.Core().Source.Name + "/" + a.Core().ExternalID
	}
	return text
}

// A person has the value of the first account that has one that fits.
func TestAttributes(t *testing.T) {
	t.Parallel()
	email := []connectors.Email{{Address: "ada@example.com"}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{
		{Name: "a", CustomFields: personFields, Accounts: []connectors.Account{
			{ID: "1", Emails: email, Details: attributes("g", "high", "team name", " Blue\u200b ", "l", "uk", "l", "de", "l", "uk", "other", "x")},
		}},
		{Name: "b", CustomFields: []connectors.CustomField{{Path: "G", Name: "grade", Type: connectors.CustomNumber}}, Accounts: []connectors.Account{
			{ID: "2", Emails: email, Details: attributes("G", "07.0", "team name", "Red")},
		}, Contacts: []connectors.Contact{{ID: "k", Custom: customValues("G", "3")}, {ID: "none"}}},
	})
	u, _ := d.User(d.Everything().Users[0].ID)
	list := func(values []*directory.AttributeValue, err error) (texts []string) {
		if err != nil {
			return []string{err.Error()}
		}
		for _, v := range values {
			texts = append(texts, attributeText(v))
		}
		return texts
	}
	for _, tc := range []struct {
		name      string
		got, want []string
	}{
		{"all", list(u.Attributes(nil)), []string{
			`grade number "7" ["7"] number 7 of b/2`, `languages list "uk" ["uk" "de"] of a/1`, `team text "Blue" ["Blue"] of a/1`,
		}},
		{"some, in the order of their names", list(u.Attributes([]string{"team", "started", "team", "grade"})), []string{
			`grade number "7" ["7"] number 7 of b/2`, `team text "Blue" ["Blue"] of a/1`,
		}},
		{"none", list(u.Attributes([]string{})), nil},
		{"a path is no name", list(u.Attributes([]string{"grade", "G"})), []string{
			`names[1]: there is no attribute "G" of these objects: custom_fields of the configuration names them`,
		}},
	} {
		if diff := gocmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tc.name, diff)
		}
	}
	for _, c := range d.Everything().Contacts {
		want := map[string][]string{"k": {`grade number "3" ["3"] number 3`}, "none": nil}[c.ExternalID]
		if diff := gocmp.Diff(want, list(c.Attributes(nil))); diff != "" {
			t.Errorf("contact %s (-want +got)\n%s", c.ExternalID, diff)
		}
	}
}

// Values that were fetched under another setting do not show, and the setting is a part of the version.
func TestAttributesOfAnotherSetting(t *testing.T) {
	t.Parallel()
	build := func(fields ...connectors.CustomField) *directory.Directory {
		return directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", CustomFields: fields, Contacts: []connectors.Contact{{ID: "k", Custom: customValues("old", "3")}}}})
	}
	versions := make(map[string]bool)
	for _, fields := range [][]connectors.CustomField{
		nil, {{Path: "old", Name: "x"}}, {{Path: "new", Name: "x"}}, {{Path: "old", Name: "y"}}, {{Path: "old", Name: "x", Type: connectors.CustomNumber}},
	} {
		d := build(fields...)
		versions[d.Version()] = true
		values, err := d.Everything().Contacts[0].Attributes(nil)
		if want := len(fields) > 0 && fields[0].Path == "old"; err != nil || (len(values) == 1) != want {
			t.Errorf("%v: %v, error %v", fields, values, err)
		}
	}
	if len(versions) != 5 {
		t.Errorf("%d versions, want 5", len(versions))
	}
}

// A contact's value means what its source means by it, whatever the type of the setting was when it was fetched.
func TestAttributesOfEachForm(t *testing.T) {
	t.Parallel()
	values := &connectors.CustomValues{
		{Path: "plain", Value: "1640995200"}, {Path: "plain", Value: "A4"},
		{Path: "number", Value: "1640995200", Form: connectors.CustomSeconds},
		{Path: "date", Value: "-86400", Form: connectors.CustomInstant}, {Path: "far", Value: "999999999999999", Form: connectors.CustomInstant},
	}
	for _, tc := range []struct {
		path string
		typ  connectors.CustomType
		want []string
	}{
		{"plain", connectors.CustomText, []string{"1640995200"}},
		{"plain", connectors.CustomNumber, []string{"1640995200"}},
		{"plain", connectors.CustomDate, nil},
		{"plain", connectors.CustomList, []string{"1640995200", "A4"}},
		{"number", connectors.CustomText, []string{"1640995200"}},
		{"number", connectors.CustomNumber, []string{"1640995200"}},
		{"number", connectors.CustomDate, []string{"2022-01-01T00:00:00Z"}},
		{"date", connectors.CustomText, []string{"1969-12-31T00:00:00Z"}},
		{"date", connectors.CustomList, []string{"1969-12-31T00:00:00Z"}},
		{"date", connectors.CustomNumber, []string{"-86400"}},
		{"date", connectors.CustomDate, []string{"1969-12-31T00:00:00Z"}},
		{"date", connectors.CustomBoolean, nil},
		{"far", connectors.CustomDate, nil},
		{"far", connectors.CustomNumber, []string{"999999999999999"}},
	} {
		d := directory.Build(directory.Rules{}, []directory.SourceData{{
			Name: "a", CustomFields: []connectors.CustomField{{Path: tc.path, Name: "x", Type: tc.typ}}, Contacts: []connectors.Contact{{ID: "k", Custom: values}},
		}})
		got, err := d.Everything().Contacts[0].Attributes(nil)
		var texts []string
		if len(got) > 0 {
			texts = got[0].Values()
		}
		if diff := gocmp.Diff(tc.want, texts); diff != "" || err != nil {
			t.Errorf("%s as %s, error %v (-want +got)\n%s", tc.path, tc.typ, err, diff)
		}
	}
}

// If several fields of a source have the configured name, that with the lowest ID counts for all contacts, also for those that have only the other one.
func TestOneFieldCountsForAName(t *testing.T) {
	t.Parallel()
	rating := func(id, field, value string) connectors.Contact {
		return connectors.Contact{ID: id, Custom: &connectors.CustomValues{{Path: "Rating", Value: value, Field: field}}}
	}
	field := []connectors.CustomField{{Path: "Rating", Name: "rating"}}
	d := directory.Build(directory.Rules{}, []directory.SourceData{
		{Name: "a", CustomFields: field, Contacts: []connectors.Contact{rating("1", "n 8", "other"), rating("2", "n 7", "high"), rating("3", "n 7", "low"), {ID: "4"}}},
		{Name: "b", CustomFields: field, Contacts: []connectors.Contact{rating("5", "n 9", "of its own source")}},
	})
	got := make(map[string]string)
	for _, c := range d.Everything().Contacts {
		values, err := c.Attributes(nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(values) > 0 {
			got[c.ExternalID] = values[0].Value()
		}
	}
	if diff := gocmp.Diff(map[string]string{"2": "high", "3": "low", "5": "of its own source"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	page, err := d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{First: new(10)})
	if err != nil {
		t.Fatal(err)
	}
	facets, err := page.AttributeFacets("rating", 10)
	if err != nil || len(facets) != 3 {
		t.Errorf("%d facets, error %v", len(facets), err)
	}
}

// Dates are compared as they are shown: in microseconds.
func TestDatesInMicroseconds(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", CustomFields: personFields, Accounts: []connectors.Account{
		{ID: "1", Details: attributes("s", "2026-05-11T10:00:00.0000019Z")},
	}}})
	at := func(text string) *time.Time {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return &at
	}
	for _, tc := range []struct {
		after, before *time.Time
		want          int
	}{
		{at("2026-05-11T10:00:00.000001Z"), nil, 1},
		{at("2026-05-11T10:00:00.0000015Z"), nil, 0},
		{nil, at("2026-05-11T10:00:00.0000015Z"), 1},
		{nil, at("2026-05-11T10:00:00.000001Z"), 0},
	} {
		page, err := d.Users(&directory.UserFilter{Attributes: []*directory.AttributeFilter{{Name: "started", After: tc.after, Before: tc.before}}},
			directory.UserOrder{}, directory.PageArgs{First: new(10)})
		if err != nil || len(page.Nodes()) != tc.want {
			t.Errorf("after %v, before %v: %d people, error %v", tc.after, tc.before, len(page.Nodes()), err)
		}
	}
	values, err := d.Everything().Users[0].Attributes([]string{"started"})
	if err != nil || values[0].Value() != "2026-05-11T10:00:00.000001Z" {
		t.Errorf("shown as %v, error %v", values, err)
	}
}

// Filters and facets of an attribute with as many values as people end when the caller has left, and filters are few.
func TestAttributesOfAClientThatLeft(t *testing.T) {
	t.Parallel()
	var accounts []connectors.Account
	for i := range 20_000 {
		accounts = append(accounts, connectors.Account{ID: strconv.Itoa(i), Details: attributes("team name", "t"+strconv.Itoa(i), "l", "all")})
	}
	asked, after := 0, 0
	d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", CustomFields: personFields, Accounts: accounts}}).Until(func() bool {
		asked++
		return asked > after
	})
	filtered := func(filters ...*directory.AttributeFilter) (*directory.UserConnection, error) {
		return d.Users(&directory.UserFilter{Attributes: filters}, directory.UserOrder{}, directory.PageArgs{First: new(10)})
	}
	for name, f := range map[string]directory.AttributeFilter{
		"in": {Name: "team", In: []string{"t1"}}, "exists": {Name: "team", Exists: new(true)}, "does not exist": {Name: "team", Exists: new(false)},
		"one value of all": {Name: "languages", Exists: new(false)},
	} {
		if _, err := filtered(&f); !errors.Is(err, directory.ErrStopped) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	asked, after = 0, 1000
	page, err := filtered()
	if err != nil {
		t.Fatal(err)
	}
	asked, after = 0, 0
	if _, err := page.AttributeFacets("team", 20); !errors.Is(err, directory.ErrStopped) {
		t.Errorf("facets: error %v", err)
	}
	asked, after = 0, 1000
	if _, err := filtered(make([]*directory.AttributeFilter, 21)...); err == nil || err.Error() != "filter.attributes: must be at most 20" {
		t.Errorf("21 filters: error %v", err)
	}
}

// The facets of many values are the first of all of them: by their counts, and then by their labels.
func TestFirstFacetsOfManyValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var accounts []connectors.Account
		counts := make(map[string]int)
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, 30), 0, 60).Draw(t, "values") {
			accounts = append(accounts, connectors.Account{ID: strconv.Itoa(i), Details: attributes("team name", fmt.Sprintf("t%02d", n))})
			counts[fmt.Sprintf("t%02d", n)]++
		}
		d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", CustomFields: personFields, Accounts: accounts}})
		page, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{First: new(1)})
		if err != nil {
			t.Fatal(err)
		}
		first := rapid.IntRange(1, 40).Draw(t, "first")
		facets, err := page.AttributeFacets("team", first)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, f := range facets {
			got = append(got, fmt.Sprint(f.Count, " ", f.Label))
		}
		for value := range counts {
			want = append(want, value)
		}
		slices.SortFunc(want, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
		want = want[:min(first, len(want))]
		for i, value := range want {
			want[i] = fmt.Sprint(counts[value], " ", value)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func TestAttributeFiltersThatAreWrong(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", CustomFields: personFields, Accounts: []connectors.Account{{ID: "1", Details: attributes("g", "7")}}}})
	now := time.Now()
	for want, f := range map[string]*directory.AttributeFilter{
		`filter.attributes[0].name: there is no attribute "gr" of these objects: custom_fields of the configuration names them`: {Name: "gr"},
		`filter.attributes[0]: min and max are for numbers, and team is a text`:                                                 {Name: "team", Min: new(1.0)},
		`filter.attributes[0]: after and before are for dates, and grade is a number`:                                           {Name: "grade", Before: &now},
		`filter.attributes[0].in[1]: must be a number`:                                                                          {Name: "grade", In: []string{"7", "x"}},
		`filter.attributes[0].exists: must not be false together with values`:                                                   {Name: "grade", In: []string{"7"}, Exists: new(false)},
	} {
		_, err := d.Users(&directory.UserFilter{Attributes: []*directory.AttributeFilter{f}}, directory.UserOrder{}, directory.PageArgs{First: new(10)})
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	page, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{First: new(10)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := page.AttributeFacets("gr", 10); err == nil || !strings.HasPrefix(err.Error(), "name: there is no attribute") {
		t.Errorf("facets of an unknown attribute: %v", err)
	}
}

// Filters and facets of random values are those of a simple loop over the attributes that people show.
func TestAttributeFilters(t *testing.T) {
	t.Parallel()
	texts := []string{"", "0", "1", "1.0", "2.5", "-3", "true", "FALSE", "x", "2026-05-11", "2026-05-12T10:00:00+02:00", "1999-01-01 00:00:00", "Blue", "Blue "}
	rapid.Check(t, func(t *rapid.T) {
		record := func(i int) connectors.Account {
			var pairs []string
			for range rapid.IntRange(0, 6).Draw(t, "fields") {
				pairs = append(pairs, rapid.SampledFrom(personFields).Draw(t, "field").Path, rapid.SampledFrom(texts).Draw(t, "value"))
			}
			return connectors.Account{ID: strconv.Itoa(i), Emails: []connectors.Email{{Address: fmt.Sprintf("p%d@example.com", i/2)}}, Details: attributes(pairs...)}
		}
		var accounts []connectors.Account
		for i := range rapid.IntRange(1, 20).Draw(t, "accounts") {
			accounts = append(accounts, record(i))
		}
		d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", CustomFields: personFields, Accounts: accounts}})
		f := &directory.AttributeFilter{Name: rapid.SampledFrom(personFields).Draw(t, "name").Name}
		of := personFields[slices.IndexFunc(personFields, func(c connectors.CustomField) bool { return c.Name == f.Name })].Type
		for _, value := range rapid.SliceOfN(rapid.SampledFrom(texts), 0, 3).Draw(t, "in") {
			if _, fits := of.Canonical(value); fits {
				f.In = append(f.In, value)
			}
		}
		if of == connectors.CustomNumber {
			f.Min, f.Max = rapid.Ptr(rapid.Float64Range(-4, 4), true).Draw(t, "min"), rapid.Ptr(rapid.Float64Range(-4, 4), true).Draw(t, "max")
		}
		if of == connectors.CustomDate {
			at := rapid.Custom(func(t *rapid.T) time.Time {
				return time.Date(rapid.IntRange(1998, 2027).Draw(t, "year"), 5, rapid.IntRange(10, 13).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
			})
			f.After, f.Before = rapid.Ptr(at, true).Draw(t, "after"), rapid.Ptr(at, true).Draw(t, "before")
		}
		if len(f.In) == 0 && f.Min == nil && f.Max == nil && f.After == nil && f.Before == nil {
			f.Exists = rapid.Ptr(rapid.Bool(), true).Draw(t, "exists")
		}
		want, counts := make(map[string]bool), make(map[string]int)
		for _, u := range d.Everything().Users {
			values, err := u.Attributes([]string{f.Name})
			if err != nil {
				t.Fatal(err)
			}
			if !matchesNaively(of, values, f) {
				continue
			}
			want[u.ID] = true
			for _, v := range values {
				seen := make(map[string]bool)
				for _, value := range v.Values() {
					if key := namekey.Key(value); !seen[key] {
						seen[key] = true
						counts[key]++
					}
				}
			}
		}
		page, err := d.Users(&directory.UserFilter{Attributes: []*directory.AttributeFilter{f}}, directory.UserOrder{}, directory.PageArgs{First: new(100)})
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]bool)
		for _, u := range page.Nodes() {
			got[u.ID] = true
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v (-want +got)\n%s", f, diff)
		}
		facets, err := page.AttributeFacets(f.Name, 100)
		if err != nil {
			t.Fatal(err)
		}
		found := make(map[string]int)
		for _, x := range facets {
			found[x.Value] = x.Count
		}
		if diff := gocmp.Diff(counts, found); diff != "" {
			t.Fatalf("facets of %+v (-want +got)\n%s", f, diff)
		}
	})
}

func matchesNaively(of connectors.CustomType, values []*directory.AttributeValue, f *directory.AttributeFilter) bool {
	if f.Exists != nil && *f.Exists != (len(values) > 0) {
		return false
	}
	asks := len(f.In) > 0 || f.Min != nil || f.Max != nil || f.After != nil || f.Before != nil
	if len(values) == 0 {
		return !asks
	}
	v := values[0]
	return (len(f.In) == 0 || slices.ContainsFunc(v.Values(), func(has string) bool {
		return slices.ContainsFunc(f.In, func(in string) bool {
			canonical, _ := of.Canonical(in)
			return cmp.Compare(namekey.Key(canonical), namekey.Key(has)) == 0
		})
	})) && (f.Min == nil || *v.Number() >= *f.Min) && (f.Max == nil || *v.Number() <= *f.Max) &&
		(f.After == nil || !v.Date().Before(*f.After)) && (f.Before == nil || v.Date().Before(*f.Before))
}
