package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/graph"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/httpapi"
	"roster/internal/randdoc"
	"roster/internal/snapshot"
	"roster/resolvers"
)

// documentsOfDirectory is the number of random documents for each random directory.
const documentsOfDirectory = 50

// Plans and gqlgen give the same answers to random documents, over random directories, for all scopes. RANDOM_DOCUMENTS is the number of documents, and
// RANDOM_SEED the seed of the first directory: see `make test-plans`.
func TestPlansAgreeWithGqlgen(t *testing.T) {
	t.Parallel()
	documents, first := fromEnvironment(t, "RANDOM_DOCUMENTS", 1_000), fromEnvironment(t, "RANDOM_SEED", 0)
	var next, planned, left, partly atomic.Int64
	directories := (documents + documentsOfDirectory - 1) / documentsOfDirectory
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			for n := next.Add(1) - 1; n < directories && !t.Failed(); n = next.Add(1) - 1 {
				seed := uint64(first + n)
				t.Run(fmt.Sprintf("directory %d", seed), func(t *testing.T) {
					withTwins(t, seed, func(w *twins) {
						w.compareMany(rand.New(rand.NewPCG(seed, 2)))
						byPlan, byGqlgen := w.plans.Planned()
						planned.Add(byPlan)
						left.Add(byGqlgen)
						partly.Add(w.partly)
					})
				})
			}
		})
	}
	running.Wait()
	ran, sent := planned.Load()+left.Load(), directories*documentsOfDirectory
	share := 100 * float64(planned.Load()) / float64(max(ran, 1))
	t.Logf("%d documents, of which %d were executed: %.1f %% of these by plans; %d answers have errors", sent, ran, share, partly.Load())
	if !t.Failed() && (ran < sent*3/4 || share <= 95) {
		t.Errorf("of %d documents %d were executed, %.1f %% of these by plans", sent, ran, share)
	}
}

func fromEnvironment(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// FuzzPlans compares the same for choices of the fuzzer.
func FuzzPlans(f *testing.F) {
	for seed := range uint8(8) {
		choices := make([]byte, 200)
		for i, dice := 0, rand.New(rand.NewPCG(uint64(seed), 3)); i < len(choices); i++ {
			choices[i] = byte(dice.IntN(256))
		}
		f.Add(seed, choices)
	}
	servers := make([]*twins, 8)
	for seed := range servers {
		servers[seed] = newTwins(f, rand.New(rand.NewPCG(uint64(seed), 4)), seed%2 == 0)
		servers[seed].realTime = true
	}
	f.Fuzz(func(t *testing.T, server uint8, document []byte) {
		w := servers[int(server)%len(servers)]
		w.TB = t
		if difference := w.differs(randdoc.FromBytes(document)); difference != "" {
			t.Fatal(difference)
		}
	})
}

// twins are two servers over the same data: plans execute the operations of one, and gqlgen those of the other.
type twins struct {
	testing.TB
	plans, gqlgen *twin
	schema        *ast.Schema // with the served names
	world         *randdoc.World
	realTime      bool
	partly        int64 // answers with errors
}

type twin struct {
	*resolvers.Resolver
	handler http.Handler
	log     *bytes.Buffer // the access log
}

// withTwins calls f with servers over a random directory. If its sources know presence, time is real, because gqlgen's dataloader waits while it holds a lock,
// which would stop the clock of a synctest bubble.
func withTwins(t *testing.T, seed uint64, f func(*twins)) {
	withPresence := seed%4 == 0
	run := func(t *testing.T) { f(newTwins(t, rand.New(rand.NewPCG(seed, 1)), withPresence)) }
	if withPresence {
		run(t)
	} else {
		synctest.Test(t, run)
	}
}

func newTwins(t testing.TB, dice randdoc.Dice, withPresence bool) *twins {
	v := invented{dice, withPresence}
	sources := v.sources()
	server := newTestServerBy(t, directory.Rules{Authority: sources[0].Name}, snapshot.Options{Sources: sources}).read()
	server.api.WithoutPlans = true
	survey := server.post(http.Header{"Content-Type": {"application/json"}}, bodyOf(t, randdoc.Document{Text: randdoc.Survey, Variables: "{}"}))
	limits := httpapi.DefaultLimits()
	limits.Requests = 0
	var options graph.Options
	if v.chance(4) {
		options.Prefix = "Acme"
	} else if v.chance(5) { // not with a prefix, because gqlgen counts longer names
		limits.AnswerBytes = 200 + 400*dice.IntN(10)
	}
	if v.chance(5) {
		limits.Errors = 1 + dice.IntN(4)
	}
	inExtensions := v.chance(3)
	newTwin := func(withoutPlans bool) *twin {
		w := &twin{log: new(bytes.Buffer)}
		w.Resolver = &resolvers.Resolver{Publisher: server.roster, Keeper: server.keeper, Presence: server.api.Presence, Writer: server.api.Writer, Graph: options,
			AccessLog: logInto(t, w.log), SourceErrorsInExtensions: inExtensions, WithoutPlans: withoutPlans}
		w.handler = httpapi.New(httpapi.Options{API: w.Resolver, Access: callers{}, Introspection: true, Limits: limits})
		return w
	}
	w := &twins{TB: t, plans: newTwin(false), gqlgen: newTwin(true), world: randdoc.NewWorld(parsed(t, survey.Body.String()).Data), realTime: withPresence}
	w.schema = withoutCounts(graph.NewServed(options, w.plans.Resolver.Schema().Schema()).Schema())
	return w
}

// logInto returns an access log that is written into a buffer, without times.
func logInto(t testing.TB, to *bytes.Buffer) *access.Log {
	t.Helper()
	untimed := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "took" {
			return slog.Attr{}
		}
		return a
	}
	log, err := access.OpenLog(access.LogOptions{Path: filepath.Join(t.TempDir(), "access.log"), Lines: func(io.Writer) *slog.Logger {
		return slog.New(slog.NewTextHandler(to, &slog.HandlerOptions{ReplaceAttr: untimed}))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// withoutCounts returns the schema without the fields that count queries, because their values depend on the queries before.
func withoutCounts(schema *ast.Schema) *ast.Schema {
	out := *schema
	out.Types = maps.Clone(schema.Types)
	for name, def := range schema.Types {
		less := *def
		less.Fields = slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool {
			return slices.Contains([]string{"hits", "misses", "waits"}, f.Name)
		})
		out.Types[name] = &less
	}
	out.Query = out.Types["Query"]
	return &out
}

// compareMany compares the answers to many documents. A document with different answers is reduced.
func (w *twins) compareMany(dice randdoc.Dice) {
	for range documentsOfDirectory {
		if dice.IntN(20) == 0 && !w.realTime { // data becomes stale, and sources are fetched again
			time.Sleep([]time.Duration{time.Second, 20 * time.Second, 10 * time.Minute, 3 * time.Hour}[dice.IntN(4)])
		}
		recorded := &randdoc.Recorder{Dice: dice}
		first := w.differs(recorded)
		if first == "" {
			continue
		}
		if again := slices.Clone(recorded.Thrown); w.differs(&again) == "" {
			w.Fatalf("it does not happen each time: %s", first)
		}
		least := randdoc.Shrink(recorded.Thrown, func(d randdoc.Dice) bool { return w.differs(d) != "" })
		if again := w.differs(&least); again != "" {
			w.Fatal(again)
		}
		w.Fatalf("not reduced: %s", first)
	}
}

// differs sends a random document to both servers, and returns how the answers differ. Time passes while an operation waits, and an operation can start a
// fetch, so a difference must remain when the document is sent again.
func (w *twins) differs(dice randdoc.Dice) (difference string) {
	header, body := w.request(dice)
	for range 4 {
		if !w.realTime {
			synctest.Wait()
		}
		byPlan, byGqlgen := w.plans.answer(header, body), w.gqlgen.answer(header, body)
		if w.realTime {
			byPlan, byGqlgen = passing.ReplaceAllString(byPlan, "$1"), passing.ReplaceAllString(byGqlgen, "$1")
		}
		if byPlan == byGqlgen {
			if strings.Contains(byPlan, "[errors") {
				w.partly++
			}
			return ""
		}
		difference = cmp.Diff(strings.Split(byGqlgen, "\n"), strings.Split(byPlan, "\n"))
	}
	return fmt.Sprintf("%v\n%s\n(-gqlgen +plan):\n%s", header, body, difference)
}

// passing matches what changes with each second.
var passing = regexp.MustCompile(`(\bAge:|"retryAfter":|max-age=)\[?\d+\]?`)

// request returns a random document by a random caller.
func (w *twins) request(dice randdoc.Dice) (header http.Header, body []byte) {
	scopes := []string{access.ScopeRead}
	for _, scope := range []string{access.ScopeSensitive, access.ScopeWrite, access.ScopeAdmin, access.ScopeSchema, access.ScopeRaw} {
		if dice.IntN(2) == 1 {
			scopes = append(scopes, scope)
		}
	}
	header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"." + strings.Join(scopes, " ")}}
	if dice.IntN(10) == 9 {
		header.Set("Authorization", ".as zoe@acme.example")
	}
	switch dice.IntN(10) {
	case 9:
		header.Set("X-Roster-Source-Errors", "errors")
	case 8:
		header.Set("X-Roster-Source-Errors", "extensions")
	case 7:
		header.Set("Cache-Control", "only-if-cached")
	}
	if dice.IntN(3) == 2 {
		header.Set("Accept", "application/graphql-response+json")
	}
	return header, bodyOf(w, randdoc.New(w.schema, dice, w.world))
}

func bodyOf(t testing.TB, d randdoc.Document) []byte {
	t.Helper()
	content := map[string]any{"query": d.Text, "variables": json.RawMessage(d.Variables)}
	if d.OperationName != "" {
		content["operationName"] = d.OperationName
	}
	body, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// answer returns everything that the client and the operator see, line by line. The order of errors is not defined, because gqlgen resolves lists and root fields
// concurrently.
func (w *twin) answer(header http.Header, body []byte) string {
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body)) //nolint:noctx // it has one
	r.Header = header.Clone()
	rec := httptest.NewRecorder()
	w.log.Reset()
	w.handler.ServeHTTP(rec, r)
	var parts struct {
		Data, Extensions json.RawMessage
		Errors           []json.RawMessage
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &parts); err != nil {
		return fmt.Sprintf("not JSON: %v: %q", err, rec.Body)
	}
	const cut = " of them are shown" // which ones depends on the order
	if bytes.Contains(rec.Body.Bytes(), []byte(cut)) {
		parts.Errors = slices.DeleteFunc(parts.Errors, func(e json.RawMessage) bool { return !bytes.Contains(e, []byte(cut)) })
		rec.Header().Del("Content-Length")
	}
	lines := []string{fmt.Sprint(rec.Code, rec.Header()), fmt.Sprint(keysOf(rec.Body.Bytes())), string(parts.Data), string(parts.Extensions), w.log.String()}
	for _, e := range parts.Errors {
		lines = append(lines, string(e))
	}
	slices.Sort(lines[5:])
	return strings.Join(lines, "\n")
}

// keysOf returns the keys of an object in their order.
func keysOf(object []byte) (keys []string) {
	dec := json.NewDecoder(bytes.NewReader(object))
	for token, err := dec.Token(); err == nil; token, err = dec.Token() {
		key, ok := token.(string)
		if !ok {
			continue
		}
		keys = append(keys, key)
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			break
		}
	}
	return keys
}
