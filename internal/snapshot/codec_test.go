package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"roster/connectors"
	"roster/connectors/wire"
)

func TestCodecKeepsEveryField(t *testing.T) {
	t.Parallel()
	keepsEveryField[connectors.Account](t, connectors.Accounts)
	keepsEveryField[connectors.Team](t, connectors.Teams)
	keepsEveryField[connectors.Role](t, connectors.Roles)
	keepsEveryField[connectors.Contact](t, connectors.Contacts)
	keepsEveryField[connectors.ContactFolder](t, connectors.ContactFolders)
}

// keepsEveryField encodes and decodes a record with all fields set, and each record that differs from it in one field.
func keepsEveryField[T connectors.Record](t *testing.T, collection connectors.Collection) {
	t.Helper()
	k, _ := kinds[collection].(kindOf[T])
	for n := -1; ; n++ {
		var record T
		fill(reflect.ValueOf(&record).Elem())
		rest, what := n, "full"
		if n >= 0 {
			if what = vary(reflect.ValueOf(&record).Elem(), "", &rest); what == "" {
				return
			}
		}
		var given Records
		*k.field(&given) = []T{record}
		got := roundTrip(t, collection, given)
		if diff := cmp.Diff(given, got); diff != "" {
			t.Errorf("%v,%s (-want +got):\n%s", collection, what, diff)
		}
	}
}

// details are what only the kind of source of these tests tells.
type details struct {
	Text   string
	Flag   bool
	Number *float64
	Bytes  []byte
	Grants []connectors.Permission
}

func (d *details) Fields(c *wire.Codec) {
	c.String(&d.Text)
	c.Bool(&d.Flag)
	wire.Optional(c, &d.Number, (*wire.Codec).Float)
	c.Bytes(&d.Bytes)
	wire.List(c, &d.Grants, connectors.PermissionFields)
}

var detailed = &connectors.Kind{Name: "detailed", Details: func() connectors.Details { return new(details) }}

func roundTrip(t *testing.T, c connectors.Collection, r Records) Records {
	t.Helper()
	k := kinds[c].of(detailed, true)
	parts, err := k.encode(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := k.decode(parts, r.Len())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCodecKeepsOddValues(t *testing.T) {
	t.Parallel()
	no := false
	for name, a := range map[string]connectors.Account{
		"zero":                      {ID: "1"},
		"no UTF-8":                  {ID: "\xff\x00", Name: "a\xc3"},
		"empty and not nil":         {ID: "1", Emails: []connectors.Email{}, Teams: []connectors.TeamRef{}},
		"pointer to a zero":         {ID: "1", Emails: []connectors.Email{{Verified: &no}}},
		"empty bytes":               {ID: "1", Details: &details{Bytes: []byte{}}},
		"empty at the very end":     {ID: "1", Details: &details{}},
		"before 1970":               {ID: "1", CreatedAt: time.Date(1901, 2, 3, 4, 5, 6, 7, time.UTC)},
		"a list of nothing but one": {ID: "1", Addresses: []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := Records{Accounts: []connectors.Account{a}}
			if diff := cmp.Diff(given, roundTrip(t, connectors.Accounts, given)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("lists of little at the end", func(t *testing.T) {
		t.Parallel()
		given := Records{Teams: []connectors.Team{{ID: "1", Members: []string{"", "", ""}}}}
		if diff := cmp.Diff(given, roundTrip(t, connectors.Teams, given)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Details of another encoding have keys of their own, so that nobody decodes them as something else.
func TestDetailsHaveAnEncodingOfTheirOwn(t *testing.T) {
	t.Parallel()
	if got := (StoreKey{}).Encoding(); got != "1" {
		t.Errorf("without details the encoding is %s", got)
	}
	other := *detailed
	other.Details = func() connectors.Details { return new(connectors.Attributes) }
	meaning := *detailed
	meaning.DetailsVersion++
	seen := map[string]string{(StoreKey{}).Encoding(): "no details"}
	for name, k := range map[string]*connectors.Kind{"details": detailed, "other fields": &other, "another meaning": &meaning} {
		e := StoreKey{Details: k.DetailsEncoding()}.Encoding()
		if before, ok := seen[e]; ok {
			t.Errorf("%s and %s have the encoding %s", name, before, e)
		}
		seen[e] = name
	}
}

// A kind that does not describe its details must not have them stored: nobody could decode them.
func TestDetailsThatNobodyDescribes(t *testing.T) {
	t.Parallel()
	r := Records{Accounts: people(1)}
	if _, err := kinds[connectors.Accounts].encode(r); err == nil {
		t.Error("they were encoded")
	}
	parts, err := kinds[connectors.Accounts].of(detailed, true).encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kinds[connectors.Accounts].decode(parts, 1); err == nil {
		t.Error("they were decoded")
	}
}

// This test fails if the encoded form changes, also because of a new field. A change needs another Encoding, and then another hash here.
func TestCodecWritesTheSameInEveryRelease(t *testing.T) {
	t.Parallel()
	hash := sha256.New()
	note := func(record any, fields func(*wire.Codec)) {
		fill(reflect.ValueOf(record).Elem())
		w := wire.NewEncoder(nil)
		fields(w)
		hash.Write(w.Output())
	}
	var (
		a connectors.Account
		e connectors.Team
		r connectors.Role
		c connectors.Contact
		f connectors.ContactFolder
	)
	note(&a, func(w *wire.Codec) { withDetails(detailed)(w, &a) })
	note(&e, func(w *wire.Codec) { teamFields(w, &e) })
	note(&r, func(w *wire.Codec) { roleFields(w, &r) })
	note(&c, func(w *wire.Codec) { contactFields(w, &c) })
	note(&f, func(w *wire.Codec) { folderFields(w, &f) })
	got := fmt.Sprintf("%d: %s", Encoding, hex.EncodeToString(hash.Sum(nil)[:8]))
	if want := "1: 0ad6617695e414a3"; got != want {
		t.Errorf("encoding %s, want %s", got, want)
	}
}

func TestCodecSplitsManyRecords(t *testing.T) {
	t.Parallel()
	given := Records{Accounts: people(20_000)}
	parts, err := kinds[connectors.Accounts].of(detailed, true).encode(given)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) < 2 {
		t.Errorf("%d parts, want several", len(parts))
	}
	for _, p := range parts {
		if len(p) > 4<<20 {
			t.Errorf("a part of %d bytes", len(p))
		}
	}
	got, err := kinds[connectors.Accounts].of(detailed, true).decode(parts, given.Len())
	if err != nil || !reflect.DeepEqual(given, got) {
		t.Errorf("others came back, or %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	encoded := func(accounts ...connectors.Account) []byte {
		parts, err := kinds[connectors.Accounts].of(detailed, true).encode(Records{Accounts: accounts})
		if err != nil {
			t.Fatal(err)
		}
		return parts[0]
	}
	one := encoded(connectors.Account{ID: "1"})
	bomb := packer().EncodeAll(make([]byte, MaxPart+1), nil)
	tests := map[string]struct {
		parts [][]byte
		count int
	}{
		"nothing where something should be": {nil, 1},
		"fewer than said":                   {[][]byte{one}, 2},
		"more than said":                    {[][]byte{one}, 0},
		"a negative count":                  {[][]byte{one}, -1},
		"the same twice":                    {[][]byte{one, one}, 2},
		"out of order":                      {[][]byte{encoded(connectors.Account{ID: "2"}), one}, 2},
		"no zstd":                           {[][]byte{[]byte("no zstd")}, 1},
		"cut off":                           {[][]byte{one[:len(one)-3]}, 1},
		"too much when unpacked":            {[][]byte{bomb}, 1},
		"a level without a name":            {[][]byte{encoded(connectors.Account{ID: "1", Access: connectors.AccessOwner + 1})}, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r, err := kinds[connectors.Accounts].of(detailed, true).decode(tt.parts, tt.count); err == nil {
				t.Errorf("got %+v", r)
			}
		})
	}
}

// FuzzDecode passes arbitrary bytes to the decoder: as decompressed records, and as whole parts.
func FuzzDecode(f *testing.F) {
	for _, c := range connectors.AllCollections {
		f.Add(uint8(c), 1, []byte{}, false)
	}
	var full connectors.Account
	fill(reflect.ValueOf(&full).Elem())
	w := wire.NewEncoder(nil)
	withDetails(detailed)(w, &full)
	f.Add(uint8(connectors.Accounts), 1, w.Output(), false)
	for _, a := range people(3) {
		w = wire.NewEncoder(nil)
		withDetails(detailed)(w, &a)
		f.Add(uint8(connectors.Accounts), 1, w.Output(), false)
	}
	parts, _ := kinds[connectors.Accounts].of(detailed, true).encode(Records{Accounts: people(3)})
	f.Add(uint8(connectors.Accounts), 3, parts[0], true)
	f.Fuzz(func(t *testing.T, c uint8, count int, data []byte, packed bool) {
		collection := connectors.AllCollections[int(c)%len(connectors.AllCollections)]
		if !packed {
			data = packer().EncodeAll(data, nil)
		}
		r, err := kinds[collection].of(detailed, true).decode([][]byte{data}, count)
		if err != nil {
			return
		}
		if r.Len() != count {
			t.Errorf("%d records, %d were said", r.Len(), count)
		}
		if again := roundTrip(t, collection, r); !reflect.DeepEqual(r, again) {
			// NaN differs from itself.
			if a, b := fmt.Sprintf("%+v", r), fmt.Sprintf("%+v", again); len(a) != len(b) {
				t.Errorf("%s came back as %s", a, b)
			}
		}
	})
}

// people makes accounts that compress about as well as real ones.
func people(n int) []connectors.Account {
	first := []string{"Zoe", "Olena", "Kai", "Mirko", "Ana", "Bohdan", "Iris", "Tomas", "Noor", "Vera", "Yusuf", "Lena", "Piotr"}
	last := []string{"Müller", "Koval", "Okafor", "Silva", "Nowak", "Haddad", "Lind", "Rossi", "Petrenko", "Duarte", "Ito"}
	verified := true
	all := make([]connectors.Account, n)
	for i := range all {
		f, l := first[i*7%len(first)], last[i*5%len(last)]
		id := fmt.Sprintf("%08d", i)
		digest := sha256.Sum256([]byte(id))
		mark := hex.EncodeToString(digest[:6])
		all[i] = connectors.Account{ID: id, Name: f + " " + l, FirstName: f, LastName: l, Username: f + "." + mark, Active: i%9 != 0,
			Title: "Engineer " + mark[:1], Department: "Department " + mark[:2], Access: connectors.AccessMember,
			Emails:    []connectors.Email{{Address: f + "." + mark + "@example.com", Verified: &verified}},
			Phones:    []connectors.Phone{{Raw: "+380 50 " + id, E164: "+38050" + id[1:], Kind: connectors.PhoneMobile}},
			AvatarURL: "https://example.com/avatar/" + mark, CreatedAt: time.Unix(1_600_000_000+int64(i)*977, 0).UTC(),
			Teams:   []connectors.TeamRef{{ID: mark[:2], Name: "Team " + mark[:2]}},
			Roles:   []connectors.RoleRef{{ID: "user", Name: "user", Access: connectors.AccessMember}},
			Details: &details{Text: "user", Bytes: []byte(`{"room":"` + mark[:3] + `"}`)}}
	}
	return all
}

// BenchmarkCodecs compares encodings of 100,000 accounts, each with and without compression.
func BenchmarkCodecs(b *testing.B) {
	given, fields := people(100_000), withDetails(nil)
	for i := range given {
		given[i].Details = nil // the other encodings know no interfaces
	}
	type codec struct {
		encode func() ([]byte, error)
		decode func([]byte) error
	}
	codecs := []struct {
		name string
		codec
	}{
		{"fields", codec{func() ([]byte, error) {
			w := wire.NewEncoder(nil)
			for i := range given {
				fields(w, &given[i])
			}
			return w.Output(), nil
		}, func(data []byte) error {
			out := make([]connectors.Account, 0, len(given))
			w := wire.NewDecoder(data)
			for w.Len() > 0 {
				out = append(out, connectors.Account{})
				fields(w, &out[len(out)-1])
			}
			return w.Err()
		}}},
		{"gob", codec{func() ([]byte, error) {
			var out bytes.Buffer
			err := gob.NewEncoder(&out).Encode(given)
			return out.Bytes(), err
		}, func(data []byte) error {
			var out []connectors.Account
			return gob.NewDecoder(bytes.NewReader(data)).Decode(&out)
		}}},
		{"json", codec{func() ([]byte, error) { return json.Marshal(given) }, func(data []byte) error {
			var out []connectors.Account
			return json.Unmarshal(data, &out)
		}}},
	}
	for _, c := range codecs {
		var data []byte
		b.Run(c.name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if data, err = c.encode(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes")
		})
		b.Run(c.name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.decode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, level := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression} {
			z, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithEncoderConcurrency(1))
			packed := z.EncodeAll(data, nil)
			b.Run(c.name+"/zstd "+level.String(), func(b *testing.B) {
				for b.Loop() {
					z.EncodeAll(data, packed[:0])
				}
				b.ReportMetric(float64(len(packed)), "bytes")
			})
		}
	}
}

// BenchmarkSnapshot encodes 100,000 accounts as parts for the shared store, and decodes them.
func BenchmarkSnapshot(b *testing.B) {
	given := Records{Accounts: people(100_000)}
	var parts [][]byte
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parts, _ = kinds[connectors.Accounts].of(detailed, true).encode(given)
		}
		size := 0
		for _, p := range parts {
			size += len(p)
		}
		b.ReportMetric(float64(size), "bytes")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := kinds[connectors.Accounts].of(detailed, true).decode(parts, given.Len()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
