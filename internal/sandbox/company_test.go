package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func company(t testing.TB, seed uint64, people int) *Company {
	t.Helper()
	c, err := NewCompany(seed, people)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The same company everywhere and for ever: examples, benchmarks and bug reports name people of it.
func TestSameCompany(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		seed   uint64
		people int
		want   string
	}{
		{"the least", 1, 25, "23f88b985006fc04"},
		{"the usual", 1, 1000, "de4c211f3bc2c5c2"},
		{"another seed", 42, 1000, "90787c75489276ab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, err := json.Marshal(company(t, tt.seed, tt.people))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			if got := hex.EncodeToString(sum[:8]); got != tt.want {
				t.Errorf("got %s, want %s: if people were meant to change, examples and benchmarks change with them", got, tt.want)
			}
		})
	}
}

func TestLargerCompanyBeginsWithTheSmaller(t *testing.T) {
	t.Parallel()
	small, large := company(t, 7, 60), company(t, 7, 400)
	if diff := cmp.Diff(small.People, large.People[:60], cmpopts.IgnoreUnexported(Person{})); diff != "" {
		t.Error(diff)
	}
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	a, b := company(t, 1, 100), company(t, 2, 100)
	same := 0
	for i := MinPeople; i < 100; i++ {
		if a.People[i].Name == b.People[i].Name {
			same++
		}
	}
	if same > 10 {
		t.Errorf("%d of 75 people have the same name under another seed", same)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, people := range []int{-1, 0, 24, MaxPeople + 1} {
		if _, err := NewCompany(1, people); err == nil {
			t.Errorf("%d people: no error", people)
		}
	}
	if got := len(company(t, 1, 100_000).People); got != 100_000 {
		t.Errorf("got %d people", got)
	}
}

// Whatever the seed and the size, nothing is malformed: no ID twice in a system, no broken address, nothing outside the invented domains.
func TestEveryCompanyIsSound(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		c := company(t, seed, 1500)
		ids := make(map[string]bool)
		once := func(kind, id string) {
			if id == "" || ids[kind+" "+id] {
				t.Errorf("seed %d: %s ID %q is empty or comes twice", seed, kind, id)
			}
			ids[kind+" "+id] = true
		}
		address := func(s string) {
			a, err := mail.ParseAddress(s)
			if err != nil || a.Address != s || !(strings.HasSuffix(s, ".test") || strings.HasSuffix(s, ".example")) {
				t.Errorf("seed %d: address %q", seed, s)
			}
		}
		usernames := make(map[string]bool)
		for _, p := range c.People {
			if len(p.Accounts) == 0 {
				t.Errorf("seed %d: person %d is nowhere", seed, p.N)
			}
			for _, a := range p.Accounts {
				once(string(a.System), a.ID)
				if a.Email != "" {
					address(a.Email)
				}
				if a.System == Worksection && !a.Active {
					t.Errorf("seed %d: person %d is inactive in Worksection, which lists no such people", seed, p.N)
				}
				if a.Username != "" && usernames[a.Username] {
					t.Errorf("seed %d: user name %q comes twice", seed, a.Username)
				}
				usernames[a.Username] = true
			}
		}
		for _, a := range c.Programs {
			once(string(a.System), a.ID)
		}
		for _, k := range c.Contacts {
			once(string(k.System)+" contact", k.ID)
			for _, e := range k.Emails {
				address(e)
			}
			if k.UpdatedAt.Before(k.CreatedAt) || k.UpdatedAt.After(today) {
				t.Errorf("seed %d: contact %s was updated at %v", seed, k.ID, k.UpdatedAt)
			}
		}
	}
}

// people counts those for whom it holds.
func people(c *Company, holds func(*Person) bool) int {
	n := 0
	for i := range c.People {
		if holds(&c.People[i]) {
			n++
		}
	}
	return n
}

func TestHardCases(t *testing.T) {
	t.Parallel()
	for _, size := range []int{25, 1000} {
		c := company(t, 1, size)
		for n := 1; n <= 4; n++ {
			if people(c, func(p *Person) bool { return p.Systems() == n }) == 0 {
				t.Errorf("%d people: nobody is in %d systems", size, n)
			}
		}
		for _, script := range []string{"Cyrillic", "Greek", "Arabic", "Hebrew", "Han", "Hangul", "Devanagari", "Georgian"} {
			if people(c, func(p *Person) bool {
				return strings.ContainsFunc(p.Name, func(r rune) bool { return unicode.Is(unicode.Scripts[script], r) })
			}) == 0 {
				t.Errorf("%d people: no name in %s", size, script)
			}
		}
		names := make(map[string]int)
		for _, p := range c.People {
			names[p.Name]++
		}
		if names[c.People[CastNamesake-1].Name] < 2 {
			t.Errorf("%d people: no two of the same name", size)
		}
		left := people(c, func(p *Person) bool {
			active, inactive := false, false
			for _, a := range p.Accounts {
				active, inactive = active || a.Active, inactive || !a.Active
			}
			return active && inactive
		})
		if left*100 < 3*size {
			t.Errorf("%d people: only %d are deactivated in one system and active in another", size, left)
		}
		strangers := people(c, func(p *Person) bool {
			a := p.In(RocketChat)
			return a != nil && a.Check == Unverified && len(p.Accounts) == 1 && people(c, func(q *Person) bool {
				return q.N != p.N && q.Email != "" && q.Email == a.Email
			}) > 0
		})
		if strangers == 0 {
			t.Errorf("%d people: no unverified address is somebody else's", size)
		}
	}
}
