package snapshot

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
)

// versionOf returns the version of a complete fetch of the records.
func versionOf[T connectors.Record](t *testing.T, collection connectors.Collection, records ...T) string {
	t.Helper()
	k, ok := kinds[collection].of(detailed, true).(kindOf[T])
	if !ok {
		t.Fatalf("%v are not %T", collection, records)
	}
	var r Records
	*k.field(&r) = records
	v, err := k.version(k.merge(Records{}, r, nil))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVersionIsTheSameInEveryProcess(t *testing.T) {
	t.Parallel()
	got := versionOf(t, connectors.Teams, connectors.Team{ID: "1", Name: "Ops", Members: []string{"7"}})
	// A change of this value makes every replica of another release fetch again. That is fine for a new field, and must not happen by
	// accident.
	if want := "786c08e24dfed0dade9ecc1f118f40f8"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVersionIgnoresOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.StringN(1, 4, -1), 1, 20, rapid.ID).Draw(t, "ids")
		var records []connectors.Account
		for _, id := range ids {
			records = append(records, connectors.Account{ID: id, Name: rapid.String().Draw(t, "name")})
		}
		before := slices.Clone(records)
		shuffled := rapid.Permutation(records).Draw(t, "order")
		a, _ := kinds[connectors.Accounts].version(kinds[connectors.Accounts].merge(Records{}, Records{Accounts: records}, nil))
		b, _ := kinds[connectors.Accounts].version(kinds[connectors.Accounts].merge(Records{}, Records{Accounts: shuffled}, nil))
		if a != b {
			t.Errorf("%s and %s for the same records", a, b)
		}
		if !reflect.DeepEqual(before, records) {
			t.Error("the connector's slice was changed")
		}
	})
}

func TestVersionTellsInstantsAndNotZones(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 5, 1, 12, 0, 0, 1, time.UTC)
	a := versionOf(t, connectors.Accounts, connectors.Account{ID: "1", CreatedAt: at})
	b := versionOf(t, connectors.Accounts, connectors.Account{ID: "1", CreatedAt: at.In(time.FixedZone("", 3600))})
	if a != b {
		t.Error("the same instant in another zone is another version")
	}
}

func TestVersionTellsCollectionsApart(t *testing.T) {
	t.Parallel()
	if versionOf[connectors.Team](t, connectors.Teams) == versionOf[connectors.Role](t, connectors.Roles) {
		t.Error("no teams and no roles have one version")
	}
}

func TestVersionChangesWithEveryField(t *testing.T) {
	t.Parallel()
	everyField[connectors.Account](t, connectors.Accounts)
	everyField[connectors.Team](t, connectors.Teams)
	everyField[connectors.Role](t, connectors.Roles)
	everyField[connectors.Contact](t, connectors.Contacts)
	everyField[connectors.ContactFolder](t, connectors.ContactFolders)
}

func everyField[T connectors.Record](t *testing.T, collection connectors.Collection) {
	t.Helper()
	seen := map[string]string{}
	note := func(what string, record T) {
		v := versionOf(t, collection, record)
		if before, ok := seen[v]; ok {
			t.Errorf("%v: %q has the same version as %q", collection, what, before)
		}
		seen[v] = what
	}
	var full T
	fill(reflect.ValueOf(&full).Elem())
	note("full", full)
	for i := 0; ; i++ {
		var changed T
		fill(reflect.ValueOf(&changed).Elem())
		rest := i
		what := vary(reflect.ValueOf(&changed).Elem(), "", &rest)
		if what == "" {
			break
		}
		note(what, changed)
	}
	if len(seen) < reflect.TypeFor[T]().NumField() {
		t.Errorf("%v: only %d variations", collection, len(seen))
	}
}

// fill sets every field to a value, and gives every list one element.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Interface:
		d := new(details)
		fill(reflect.ValueOf(d).Elem())
		v.Set(reflect.ValueOf(d))
	case reflect.String:
		v.SetString("s")
	default:
	}
}

// vary makes the change number *n within v, and returns what it changed. It reduces *n by the number of possible changes in v.
func vary(v reflect.Value, path string, n *int) string {
	mine := func(what string, change func()) string {
		if *n--; *n == -1 {
			change()
			return path + " " + what
		}
		return ""
	}
	switch v.Kind() {
	case reflect.Struct:
		if at, ok := v.Interface().(time.Time); ok {
			return mine("a nanosecond later", func() { v.Set(reflect.ValueOf(at.Add(1))) })
		}
		for i := range v.NumField() {
			if what := vary(v.Field(i), path+"."+v.Type().Field(i).Name, n); what != "" {
				return what
			}
		}
	case reflect.Interface:
		if what := mine("nil", func() { v.SetZero() }); what != "" {
			return what
		}
		return vary(v.Elem().Elem(), path, n)
	case reflect.Pointer:
		if what := mine("nil", func() { v.SetZero() }); what != "" {
			return what
		}
		return vary(v.Elem(), path, n)
	case reflect.Slice:
		if what := mine("nil", func() { v.SetZero() }); what != "" {
			return what
		}
		if what := mine("empty", func() { v.SetLen(0) }); what != "" {
			return what
		}
		return vary(v.Index(0), path+"[0]", n)
	case reflect.String:
		return mine("longer", func() { v.SetString("ss") })
	case reflect.Bool:
		return mine("other", func() { v.SetBool(!v.Bool()) })
	case reflect.Float64:
		return mine("other", func() { v.SetFloat(0.5) })
	case reflect.Uint8:
		return mine("other", func() { v.SetUint(1) })
	default:
		panic(fmt.Sprintf("%s: a kind of field that this test does not know: %v", path, v.Kind()))
	}
	return ""
}

func BenchmarkVersion(b *testing.B) {
	var records Records
	for i := range 10_000 {
		id := fmt.Sprintf("%08d", i)
		records.Accounts = append(records.Accounts, connectors.Account{ID: id, Name: "Some One " + id, Active: true,
			Emails: []connectors.Email{{Address: id + "@example.com"}}, Teams: []connectors.TeamRef{{ID: "1", Name: "Ops"}}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kinds[connectors.Accounts].version(records); err != nil {
			b.Fatal(err)
		}
	}
}
