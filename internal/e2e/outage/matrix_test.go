package outage_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/sandbox"
)

var update = flag.Bool("update", false, "write docs/outages.md anew")

// patience is the longest that an operation may take: max_wait, and the build of the directory that its data goes into.
const patience = 5*time.Second + 2*time.Second

// everything is all that the sources hold, source by source.
var everything = question{name: "everything", query: `{
	users(first: 500) { completeness { ...C } nodes { name accounts { id externalId name username email emailTrust active accessLevel source { name }
		teams { id name } roles { id name } } } }
	teams(first: 500) { completeness { ...C } nodes { id name kind source { name } } }
	roles(first: 500) { completeness { ...C } nodes { id name accessLevel source { name } } }
	contacts(first: 500) { completeness { ...C } nodes { id name emails tags source { name } folder { id name } } }
	contactFolders(first: 500) { completeness { ...C } nodes { id name kind source { name } } }
}
fragment C on Completeness { complete missing { name } stale { name } }`}

// allCollections reads what everything does, and costs much less.
var allCollections = question{name: "all collections", query: `{ users { totalCount } teams { totalCount } roles { totalCount } contacts { totalCount } contactFolders { totalCount } }`}

// healthy are the answers when all is well, by question.
type healthy struct {
	answers map[string]answer
	records map[string][]string
}

// run gives a program in a bubble of its own, over systems that work.
func run(t *testing.T, f func(t *testing.T, w world, p func() *program)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		var started []*program
		f(t, w, func() *program {
			p := start(t, w)
			started = append(started, p)
			<-p.ready
			return p
		})
		for _, p := range started {
			p.stop()
			discreet(t, "the log", p.log.String())
		}
	})
}

// whenAllIsWell asks everything of four healthy systems.
func whenAllIsWell(t *testing.T, qs []question) healthy {
	t.Helper()
	h := healthy{answers: make(map[string]answer)}
	run(t, func(t *testing.T, _ world, start func() *program) {
		p := start()
		for _, q := range append(qs, everything) {
			a := p.ask(q)
			if len(a.Errors) > 0 {
				t.Errorf("%s: %+v", q.name, a.Errors)
			}
			h.answers[q.name] = a
		}
		h.records = recordsOf(t, h.answers[everything.name])
	})
	return h
}

// recordsOf gives the records of an answer to everything, by their kind and source.
func recordsOf(t *testing.T, a answer) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	add := func(kind string, record map[string]any) {
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		name := kind + " of " + record["source"].(map[string]any)["name"].(string)
		found[name] = append(found[name], string(text))
	}
	for field, list := range a.Data {
		for _, node := range list.(map[string]any)["nodes"].([]any) {
			record := node.(map[string]any)
			if field != "users" {
				add(field, record)
				continue
			}
			for _, account := range record["accounts"].([]any) {
				add("accounts", account.(map[string]any))
			}
		}
	}
	for _, records := range found {
		slices.Sort(records)
	}
	return found
}

// without leaves out the records of some sources.
func without(records map[string][]string, sources []connectors.KindName) map[string][]string {
	out := maps.Clone(records)
	maps.DeleteFunc(out, func(name string, _ []string) bool {
		return slices.ContainsFunc(sources, func(k connectors.KindName) bool { return strings.HasSuffix(name, " of "+string(k)) })
	})
	return out
}

// discreet checks that a text tells nothing that a vendor said, no secret and no address.
func discreet(t *testing.T, what, text string) {
	t.Helper()
	for _, word := range []string{canary, "elsewhere", "sandbox-worksection-key", "sandbox-kommo-token", "sandbox-altcraft-token", "sandbox-rocketchat-token",
		"hash=", "INTERNAL_SERVER_ERROR", "panic", ".go:"} {
		if strings.Contains(text, word) {
			t.Errorf("%s holds %q: %.2000s", what, word, text)
		}
	}
}

// seen is what clients see of one way to fail: a row of the table.
type seen map[string]map[string]bool

func (s seen) note(column, what string) {
	if s[column] == nil {
		s[column] = make(map[string]bool)
	}
	s[column][what] = true
}

func (s seen) cell(column string) string {
	return strings.Join(slices.Sorted(maps.Keys(s[column])), "; or ")
}

// cold asks everything of a program that has never had the broken sources' data.
func cold(t *testing.T, p *program, h healthy, qs []question, broken []connectors.KindName, row seen) {
	t.Helper()
	for _, q := range qs {
		a := p.ask(q)
		check(t, q.name, a, broken)
		for _, e := range a.Errors {
			row.note("cold", "`"+e.Extensions.Code+"`, "+e.Extensions.Reason)
		}
	}
	a := p.ask(everything)
	check(t, everything.name, a, broken)
	named := make(map[string]bool)
	for _, e := range a.Errors {
		named[e.Extensions.Source] = true
	}
	if len(named) != len(broken) {
		t.Errorf("errors name %v, want each of %v: %+v", named, broken, a.Errors)
	}
	if diff := cmp.Diff(without(h.records, broken), recordsOf(t, a)); diff != "" {
		t.Errorf("the others' records without %v (-when all is well +got):\n%s", broken, diff)
	}
	for field, list := range a.Data {
		for _, c := range completenessOf(list) {
			if c.Complete != (len(c.Missing) == 0) || len(c.Stale) > 0 {
				t.Errorf("%s: %+v", field, c)
			}
		}
	}
}

// warm asks everything of a program that has read the broken sources before.
func warm(t *testing.T, p *program, h healthy, qs []question, broken []connectors.KindName, row seen) {
	t.Helper()
	for _, q := range qs {
		a := p.ask(q)
		check(t, q.name, a, broken)
		for _, e := range a.Errors {
			t.Errorf("%s: the data is there, and yet: %+v", q.name, e)
		}
		if diff := cmp.Diff(lasting(h.answers[q.name].Data), lasting(a.Data)); diff != "" {
			t.Errorf("%s (-when all is well +got):\n%s", q.name, diff)
		}
	}
	a := p.ask(everything)
	check(t, everything.name, a, broken)
	if diff := cmp.Diff(h.records, recordsOf(t, a)); diff != "" {
		t.Errorf("the records while %v are stale (-when all is well +got):\n%s", broken, diff)
	}
	stale := make(map[string]bool)
	for _, list := range a.Data {
		for _, c := range completenessOf(list) {
			for _, s := range c.Stale {
				stale[s.Name] = true
			}
			if !c.Complete {
				t.Errorf("incomplete: %+v", c)
			}
		}
	}
	var want []string
	for _, k := range broken {
		want = append(want, string(k))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(maps.Keys(stale))); diff != "" {
		t.Errorf("marked as stale (-want +got):\n%s", diff)
	}
	row.note("warm", "all of it; the source is in `completeness.stale`, no entry")
}

// check holds for every answer.
func check(t *testing.T, name string, a answer, broken []connectors.KindName) {
	t.Helper()
	if a.Data == nil {
		t.Errorf("%s: no data: %.500s", name, a.text)
	}
	if a.took > patience {
		t.Errorf("%s took %v", name, a.took)
	}
	discreet(t, name, a.text)
	for i, e := range a.Errors {
		x := e.Extensions
		if !slices.Contains(broken, connectors.KindName(x.Source)) || x.Reason == "" || len(e.Path) > 1 || strings.Contains(e.Message, domain) ||
			(x.Code != "SOURCE_UNAVAILABLE" && x.Code != "SOURCE_INCOMPLETE") {
			t.Errorf("%s: %+v", name, e)
		}
		if x.RetryAfter <= 0 {
			t.Errorf("%s: it does not say when to ask again: %+v", name, e)
		}
		for _, other := range a.Errors[:i] {
			if other.Extensions.Source == x.Source && slices.Equal(other.Path, e.Path) {
				t.Errorf("%s: two errors for %s at %v: %+v", name, x.Source, e.Path, a.Errors)
			}
		}
	}
}

type completeness struct {
	Complete       bool
	Missing, Stale []struct{ Name string }
}

func completenessOf(list any) []completeness {
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // it has just been decoded
	}
	var l struct{ Completeness *completeness }
	if json.Unmarshal(text, &l) != nil || l.Completeness == nil {
		return nil
	}
	return []completeness{*l.Completeness}
}

// lasting is an answer without what says how its sources are at the moment.
func lasting(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any)
		for name, value := range v {
			switch name {
			case "completeness", "state", "error", "presence", "statusText":
			default:
				out[name] = lasting(value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = lasting(v[i])
		}
		return out
	}
	return v
}

// until lets time pass while somebody asks all the time, so that what is due is read.
func (p *program) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for range 200 {
		if condition() {
			return
		}
		p.ask(allCollections)
		time.Sleep(25 * time.Second) // in the bubble; less than half of any fresh_for, so that what works stays fresh
	}
	t.Fatalf("in vain waited until %s", what)
}

// failing says whether every collection of the sources has failed and is known to be.
func (p *program) failing(broken []connectors.KindName) bool {
	for _, st := range p.Statuses() {
		if slices.Contains(broken, connectors.KindName(st.Source)) && st.Err == nil {
			return false
		}
	}
	return true
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	qs := questions(t)
	h := whenAllIsWell(t, qs)
	rows := make(map[string]seen)
	t.Run("one source", func(t *testing.T) {
		for _, f := range ways {
			row := make(seen)
			rows[f.name] = row
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				for _, kind := range sandbox.Kinds {
					t.Run(string(kind), func(t *testing.T) {
						outage(t, h, qs, row, map[connectors.KindName]fault{kind: f})
					})
				}
			})
		}
	})
	if !t.Failed() {
		compareTable(t, rows)
	}
}

// Every set of sources that fail together, each in another way.
func TestCombinations(t *testing.T) {
	t.Parallel()
	qs := questions(t)
	h := whenAllIsWell(t, qs)
	for set := 1; set < 1<<len(sandbox.Kinds); set++ {
		failing := make(map[connectors.KindName]fault)
		var names []string
		for i, kind := range sandbox.Kinds {
			if set&(1<<i) != 0 {
				f := ways[(set+3*i)%len(ways)]
				failing[kind] = f
				names = append(names, fmt.Sprintf("%s: %s", kind, f.name))
			}
		}
		t.Run(strings.Join(names, ", "), func(t *testing.T) {
			t.Parallel()
			outage(t, h, qs, make(seen), failing)
		})
	}
}

// outage has the sources fail from the start, and then has them fail after all was well.
func outage(t *testing.T, h healthy, qs []question, row seen, failing map[connectors.KindName]fault) {
	t.Helper()
	var broken []connectors.KindName
	for _, kind := range sandbox.Kinds {
		if _, ok := failing[kind]; ok {
			broken = append(broken, kind)
		}
	}
	t.Run("cold", func(t *testing.T) {
		run(t, func(t *testing.T, w world, start func() *program) {
			for kind, f := range failing {
				w[kind].fail(f)
			}
			cold(t, start(), h, qs, broken, row)
		})
	})
	t.Run("warm", func(t *testing.T) {
		run(t, func(t *testing.T, w world, start func() *program) {
			p := start()
			for kind, f := range failing {
				w[kind].fail(f)
			}
			p.until(t, "the sources are seen to fail", func() bool { return p.failing(broken) })
			warm(t, p, h, qs, broken, row)
			for _, st := range p.Statuses() {
				if st.Err != nil {
					row.note("source", st.Err.Kind.String())
				}
			}
		})
	})
}

// tablePath is where the table is, seen from here, and the marks that it stands between.
const (
	tablePath = "../../../docs/outages.md"
	tableFrom = "<!-- matrix -->\n"
	tableTo   = "<!-- /matrix -->\n"
)

// compareTable holds the documents to what was seen.
func compareTable(t *testing.T, rows map[string]seen) {
	t.Helper()
	var b strings.Builder
	b.WriteString("\n| what a source does | kind of the error, in logs | without earlier data: code and reason of the entry | with earlier data |\n| --- | --- | --- | --- |\n")
	for _, f := range ways {
		row := rows[f.name]
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.name, row.cell("source"), row.cell("cold"), row.cell("warm"))
	}
	b.WriteByte('\n')
	text, err := os.ReadFile(tablePath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, from := strings.Cut(string(text), tableFrom)
	table, after, to := strings.Cut(rest, tableTo)
	if !from || !to {
		t.Fatalf("%s has no place for the table", tablePath)
	}
	if *update {
		if err := os.WriteFile(tablePath, []byte(before+tableFrom+b.String()+tableTo+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(b.String(), table); diff != "" {
		t.Errorf("the table in docs/outages.md (-seen +there):\n%s", diff)
	}
}
