package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/export"
	"roster/internal/httpapi"
)

// teams is a graph with a list of that many teams. Each page first calls onPage, unless it is nil, and is refused with the errors that it returns.
type teams struct {
	api
	number int
	onPage func(ctx context.Context, first, after int) gqlerror.List
}

var schemaOfTeams = gqlparser.MustLoadSchema(&ast.Source{Input: `
	directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
	type Query { teams(first: Int, after: String): TeamConnection @listSize(slicingArguments: ["first"], sizedFields: ["nodes"]) }
	type TeamConnection { nodes: [Team!]!, pageInfo: PageInfo! }
	type PageInfo { hasNextPage: Boolean!, endCursor: String }
	type Source { name: String! }
	type Team { id: ID!, externalId: String, name: String!, kind: String, source: Source! }`})

func (g teams) Schema() graphql.ExecutableSchema { return executableTeams{executable(g.api), g} }

func (g teams) Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List {
	return validator.ValidateWithRules(schemaOfTeams, doc, by)
}

func (teams) Exports() *export.Lists {
	name := func(own string) string { return own }
	return &export.Lists{Schema: schemaOfTeams, TypeName: name, RootField: name, MaySee: func(*access.Principal, string, string) bool { return true }, Sources: func() []string { return nil }}
}

type executableTeams struct {
	executable
	of teams
}

func (executableTeams) Schema() *ast.Schema { return schemaOfTeams }

func (e executableTeams) Exec(ctx context.Context) graphql.ResponseHandler {
	variables := graphql.GetOperationContext(ctx).Variables
	first, _ := strconv.Atoi(fmt.Sprint(variables["first"]))
	after := 0
	if cursor, ok := variables["after"].(string); ok {
		after, _ = strconv.Atoi(cursor)
	}
	if e.of.onPage != nil {
		if errs := e.of.onPage(ctx, first, after); errs != nil {
			return graphql.OneShot(&graphql.Response{Errors: errs})
		}
	}
	to := min(after+first, e.of.number)
	nodes := []map[string]any{}
	for i := after; i < to; i++ {
		nodes = append(nodes, map[string]any{"name": nameOf(i)})
	}
	data, err := json.Marshal(map[string]any{"teams": map[string]any{"nodes": nodes,
		"pageInfo": map[string]any{"hasNextPage": to < e.of.number, "endCursor": strconv.Itoa(to)}}})
	if err != nil {
		panic(err)
	}
	return graphql.OneShot(&graphql.Response{Data: data})
}

func nameOf(i int) string { return fmt.Sprintf("Team %06d of the invented company", i) }

const teamNames = "/export/teams.csv?columns=name"

func getExport(path string, header ...string) *http.Request {
	r := get("", header...)
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
	return r
}

// checkNames checks that a file has the names of all teams.
func checkNames(t *testing.T, file io.Reader, number int) {
	t.Helper()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"name"}}
	for i := range number {
		want = append(want, []string{nameOf(i)})
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%.1000s", diff)
	}
}

func TestExportPages(t *testing.T) {
	t.Parallel()
	for _, number := range []int{0, 1, 499, 500, 501, 1999, 2000} {
		rec := do(httpapi.New(httpapi.Options{API: teams{number: number}}), getExport(teamNames))
		if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
			t.Fatalf("HTTP %d %v %s", rec.Code, rec.Header(), rec.Body)
		}
		checkNames(t, rec.Body, number)
	}
	rec := do(httpapi.New(httpapi.Options{API: teams{number: 1}}), getExport(teamNames+"&bom=true"))
	if got := rec.Body.String(); got != "\ufeffname\r\n"+nameOf(0)+"\r\n" {
		t.Errorf("with a byte order mark: %q", got)
	}
}

func TestExportRequests(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: teams{number: 3}, Origins: []string{"https://people.example"}})
	for name, tc := range map[string]struct {
		path   string
		header []string
		status int
		says   string
	}{
		"a list":                        {teamNames, nil, 200, nameOf(2)},
		"an unknown list":               {"/export/nobody.csv", nil, 404, "no such list"},
		"another format":                {"/export/teams.xlsx", nil, 404, "no such list"},
		"an unknown column":             {"/export/teams.csv?columns=name,nobody", nil, 400, `\"nobody\" is not a field of Team`},
		"an unknown parameter":          {teamNames + "&order=x", nil, 400, "the parameters are columns, filter, orderBy and bom"},
		"a parameter twice":             {teamNames + "&columns=id", nil, 400, `\"columns\" is there twice`},
		"a parameter of other lists":    {teamNames + "&filter={}", nil, 400, "filter: this list does not have it"},
		"a mark that is not a boolean":  {teamNames + "&bom=x", nil, 400, "bom: it must be true or false"},
		"an address that is not one":    {teamNames + "&%zz", nil, 400, "not well-formed"},
		"a page of another origin":      {teamNames, []string{"Origin", "https://other.example"}, 403, "FORBIDDEN_ORIGIN"},
		"a page of an allowed origin":   {teamNames, []string{"Origin", "https://people.example"}, 200, nameOf(2)},
		"a link from another site":      {teamNames, []string{"Sec-Fetch-Site", "cross-site"}, 403, "FORBIDDEN_ORIGIN"},
		"a link of a page of Roster":    {teamNames, []string{"Sec-Fetch-Site", "same-origin"}, 200, nameOf(2)},
		"a freshness that is no number": {teamNames, []string{"Cache-Control", "max-age=x"}, 400, "max-age"},
	} {
		rec := do(h, getExport(tc.path, tc.header...))
		if rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.says) || (tc.status == 200) != (rec.Header().Get("Content-Disposition") != "") {
			t.Errorf("%s: HTTP %d %v %s", name, rec.Code, rec.Header(), rec.Body)
		}
		if tc.status != 200 && (rec.Header().Get("Content-Type") != "application/json" || len(refusalsOf(t, rec.Body.Bytes())) != 1) {
			t.Errorf("%s: the refusal is not JSON: %v %s", name, rec.Header(), rec.Body)
		}
	}
	allowed := do(h, getExport(teamNames, "Origin", "https://people.example"))
	if got := allowed.Header().Get("Access-Control-Expose-Headers"); !strings.Contains(got, ", Content-Disposition, ") || !strings.Contains(got, "X-Roster-Complete, ") {
		t.Errorf("pages may read %q", got)
	}
	for method, want := range map[string]int{http.MethodPost: 405, http.MethodPut: 405, http.MethodOptions: 204, http.MethodHead: 200} {
		r := getExport(teamNames)
		r.Method = method
		if rec := do(h, r); rec.Code != want || method == http.MethodHead && rec.Body.Len() > 0 || want != 200 && rec.Header().Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: HTTP %d %v %s", method, rec.Code, rec.Header(), rec.Body)
		}
	}
}

func TestExportIsCompressed(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: teams{number: 1700}})
	for range 2 { // the second one uses the encoders of the first
		for coding, decode := range map[string]func(io.Reader) (io.Reader, error){
			"":     func(r io.Reader) (io.Reader, error) { return r, nil },
			"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
			"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
			"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
		} {
			rec := do(h, getExport(teamNames, "Accept-Encoding", coding))
			if got := rec.Header().Get("Content-Encoding"); got != coding || coding != "" && rec.Body.Len() > 30_000 {
				t.Errorf("%q: Content-Encoding %q, %d bytes", coding, got, rec.Body.Len())
			}
			plain, err := decode(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			checkNames(t, plain, 1700)
		}
	}
}

// Pages are as long as the limits of an operation allow.
func TestExportWithinLimits(t *testing.T) {
	t.Parallel()
	limits := httpapi.DefaultLimits()
	limits.Cost = 150
	var sizes []int
	h := httpapi.New(httpapi.Options{Limits: limits, API: teams{number: 70, onPage: func(_ context.Context, first, _ int) gqlerror.List {
		sizes = append(sizes, first)
		return nil
	}}})
	checkNames(t, do(h, getExport(teamNames)).Body, 70)
	if diff := cmp.Diff([]int{20, 20, 20, 20}, sizes); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	limits.Cost = 3
	rec := do(httpapi.New(httpapi.Options{Limits: limits, API: teams{number: 70}}), getExport(teamNames))
	if errs := refusalsOf(t, rec.Body.Bytes()); rec.Code != http.StatusBadRequest || len(errs) != 1 || errs[0].Extensions.Limit != "cost" {
		t.Errorf("HTTP %d %s", rec.Code, rec.Body)
	}
}

// Each page counts as a request. If there are too many, the export waits.
func TestExportIsCounted(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limits := httpapi.DefaultLimits()
				limits.Requests, limits.AnswerTime = 2, 10*time.Second // it waits for longer than an answer may take
				s, _ := serveRated(t, teams{number: 2000}, how.secure, how.http2, limits)
				defer s.end(t)
				began := time.Now()
				resp, err := s.export(t.Context(), t, how.secure)
				if err != nil {
					t.Fatal(err)
				}
				checkNames(t, resp.Body, 2000)
				resp.Body.Close()
				if took := time.Since(began); took < 30*time.Second || took > 2*time.Minute {
					t.Errorf("four pages at two in a minute took %s", took)
				}
				resp, err = s.export(t.Context(), t, how.secure)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != http.StatusTooManyRequests {
					t.Errorf("the next request: HTTP %d", resp.StatusCode)
				}
			})
		})
	}
}

// The file is never cut off silently: if a page cannot be fetched, or takes too long, the connection is reset.
func TestExportIsWholeOrNot(t *testing.T) {
	t.Parallel()
	for name, onPage := range map[string]func(ctx context.Context, first, after int) gqlerror.List{
		"an error": func(_ context.Context, _, after int) gqlerror.List {
			if after < 1000 {
				return nil
			}
			return gqlerror.List{{Message: "broken", Extensions: map[string]any{"code": "INTERNAL_SERVER_ERROR"}}}
		},
		"a panic": func(_ context.Context, _, after int) gqlerror.List {
			if after >= 1000 {
				panic("broken")
			}
			return nil
		},
		"more than the time of an operation": func(ctx context.Context, _, after int) gqlerror.List {
			if after < 1000 {
				return nil
			}
			<-ctx.Done()
			return gqlerror.List{{Message: "late", Extensions: map[string]any{"code": "TIMEOUT"}}}
		},
	} {
		for way, how := range ways {
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s, _ := serveExport(t, teams{number: 2000, onPage: onPage}, how.secure, how.http2)
					defer s.end(t)
					resp, err := s.export(t.Context(), t, how.secure)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					text, err := io.ReadAll(resp.Body)
					if resp.StatusCode != http.StatusOK || err == nil || !bytes.Contains(text, []byte(nameOf(999))) || bytes.Contains(text, []byte(nameOf(1000))) {
						t.Errorf("HTTP %d, %d bytes, error %v", resp.StatusCode, len(text), err)
					}
				})
			})
		}
	}
	limiter := httpapi.NewLimiter(httpapi.DefaultLimits(), nil)
	broken := httpapi.New(httpapi.Options{Limiter: limiter, API: teams{number: 3, onPage: func(context.Context, int, int) gqlerror.List { panic("broken") }}})
	if rec := do(broken, getExport(teamNames)); rec.Code != http.StatusInternalServerError || limiter.Pool(admission.AnswerBytes).Stats().Held != 0 {
		t.Errorf("after a panic: HTTP %d, and %+v", rec.Code, limiter.Pool(admission.AnswerBytes).Stats())
	}
	old := getExport(teamNames)
	old.Proto, old.ProtoMajor, old.ProtoMinor = "HTTP/1.0", 1, 0
	if rec := do(httpapi.New(httpapi.Options{API: teams{number: 3}}), old); rec.Code != http.StatusHTTPVersionNotSupported {
		t.Errorf("HTTP/1.0: HTTP %d %s", rec.Code, rec.Body)
	}
	first := func(code string) *httptest.ResponseRecorder {
		return do(httpapi.New(httpapi.Options{API: teams{number: 3, onPage: func(context.Context, int, int) gqlerror.List {
			return gqlerror.List{{Message: "no", Extensions: map[string]any{"code": code}, Locations: []gqlerror.Location{{Line: 1, Column: 1}}, Path: ast.Path{ast.PathName("teams")}}}
		}}}), getExport(teamNames))
	}
	for code, want := range map[string]int{"INTERNAL_SERVER_ERROR": 500, "TIMEOUT": 503, "ACCESS_LOG_UNAVAILABLE": 503, "FORBIDDEN": 403, "BAD_USER_INPUT": 400} {
		if rec := first(code); rec.Code != want || !strings.Contains(rec.Body.String(), code) || strings.Contains(rec.Body.String(), "path") || strings.Contains(rec.Body.String(), "locations") {
			t.Errorf("%s: HTTP %d %s", code, rec.Code, rec.Body)
		}
	}
}

// serveExport serves a graph to a client that connects in one of the ways.
func serveExport(t *testing.T, graph teams, secure, http2 bool) (*served, *lost) {
	t.Helper()
	limits := httpapi.DefaultLimits()
	limits.AnswerTime = 25 * time.Second
	return serveRated(t, graph, secure, http2, limits)
}

func (s *served) export(ctx context.Context, t *testing.T, secure bool, header ...string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, map[bool]string{false: "http", true: "https"}[secure]+"://127.0.0.1"+teamNames, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return s.client.Do(r)
}

// A client that reads above the minimum rate may take longer than answer_time. One that stops reading is dropped, and nothing more is fetched for it.
func TestExportToSlowReaders(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var pages atomic.Int64
				s, gone := serveExport(t, teams{number: 20_000, onPage: func(context.Context, int, int) gqlerror.List { pages.Add(1); return nil }}, how.secure, how.http2)
				defer s.end(t)
				resp, err := s.export(t.Context(), t, how.secure)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if n, err := readAt(resp.Body, 16<<10, 0); n < 20_000*len(nameOf(0)) || !errors.Is(err, io.ErrUnexpectedEOF) && err != nil || time.Since(began) < 25*time.Second {
					t.Errorf("%d bytes after %s, error %v", n, time.Since(began), err)
				}
				resp.Body.Close()
				pages.Store(0)
				resp, err = s.export(t.Context(), t, how.secure)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := pages.Load(); n > 20 || gone.readers.Load() != 1 {
					t.Errorf("%d pages were fetched, %d readers dropped", n, gone.readers.Load())
				}
			})
		})
	}
}

// An export ends after export_time, and when the credentials expire.
func TestExportEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limit  time.Duration
		caller string
		whole  bool
	}{"in time": {time.Hour, "ann", true}, "too late": {time.Minute, "ann", false}, "after the credentials": {time.Hour, "expires", false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limits := httpapi.DefaultLimits()
				limits.ExportTime = tc.limit
				s := serveServer(t, httpapi.Server{Handler: httpapi.New(httpapi.Options{API: teams{number: 20_000}, Limits: limits, Access: expiring{}}), Limits: limits}, &http.Transport{})
				defer s.end(t)
				resp, err := s.export(t.Context(), t, false, "Authorization", tc.caller)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				s.slow.Store(8 << 10)
				text, err := io.ReadAll(resp.Body)
				if (err == nil) != tc.whole || tc.whole != bytes.Contains(text, []byte(nameOf(19_999))) {
					t.Errorf("%d bytes, error %v", len(text), err)
				}
			})
		})
	}
}

// An export ends when another configuration replaces its own, and when the server stops.
func TestExportEndsWithItsServer(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"retired", "stopped"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				retired, limits := make(chan struct{}), httpapi.DefaultLimits()
				s := serveServer(t, httpapi.Server{Handler: httpapi.New(httpapi.Options{API: teams{number: 1_000_000}, Limits: limits, Retired: retired}), Limits: limits}, &http.Transport{})
				resp, err := s.export(t.Context(), t, false)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if how == "retired" {
					close(retired)
				} else {
					s.stop()
				}
				synctest.Wait()
				if n, err := io.Copy(io.Discard, resp.Body); err == nil || n > 1<<20 {
					t.Errorf("%d bytes, error %v", n, err)
				}
				s.end(t)
			})
		})
	}
}

// expiring accepts everyone, some for a minute.
type expiring struct{ guard }

func (e expiring) Authenticate(ctx context.Context, name string) (*access.Principal, error) {
	p, err := e.guard.Authenticate(ctx, name)
	if name == "expires" {
		p.Expires = time.Now().Add(time.Minute)
	}
	return p, err
}

// When a client disconnects, its export ends.
func TestExportIsCanceled(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // it waits for each goroutine
				reached := make(chan struct{})
				s, _ := serveExport(t, teams{number: 1_000_000, onPage: func(_ context.Context, _, after int) gqlerror.List {
					if after == 2000 {
						close(reached)
					}
					return nil
				}}, how.secure, how.http2)
				defer s.end(t)
				ctx, cancel := context.WithCancel(t.Context())
				resp, err := s.export(ctx, t, how.secure)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				go io.Copy(io.Discard, resp.Body) //nolint:errcheck // it is canceled
				<-reached
				cancel()
			})
		})
	}
}

// Exports are bounded in number: those of one caller, and all.
func TestExportsAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.Exports = 4
		limiter := httpapi.NewLimiter(limits, nil)
		free := make(chan struct{})
		h := httpapi.New(httpapi.Options{Limits: limits, Limiter: limiter, Access: sharing{}, API: teams{number: 1, onPage: func(context.Context, int, int) gqlerror.List { <-free; return nil }}})
		ask := func(caller string) (int, string) {
			rec := do(h, getExport(teamNames, "Authorization", caller))
			if rec.Code == http.StatusOK {
				return rec.Code, ""
			}
			return rec.Code, refusalsOf(t, rec.Body.Bytes())[0].Extensions.Limit
		}
		done := make(chan int)
		begin := func(caller string) {
			go func() {
				status, _ := ask(caller)
				done <- status
			}()
			synctest.Wait()
		}
		begin("ann")
		if status, limit := ask("ann"); status != http.StatusTooManyRequests || limit != "caller_share" {
			t.Errorf("a second one of the same caller: HTTP %d %s", status, limit)
		}
		for _, caller := range []string{"ben", "cem", "dee"} {
			begin(caller)
		}
		if status, limit := ask("eve"); status != http.StatusServiceUnavailable || limit != "exports" {
			t.Errorf("a fifth one: HTTP %d %s", status, limit)
		}
		close(free)
		for range 4 {
			if status := <-done; status != http.StatusOK {
				t.Errorf("one that began before: HTTP %d", status)
			}
		}
		if status, _ := ask("eve"); status != http.StatusOK || limiter.Pool(admission.Exports).Stats().Held != 0 {
			t.Errorf("afterwards: HTTP %d, and %+v", status, limiter.Pool(admission.Exports).Stats())
		}
	})
}

// The memory for an export does not depend on its length.
func TestExportInBoundedMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	var sizes []uint64
	h := httpapi.New(httpapi.Options{API: teams{number: 100_000, onPage: func(_ context.Context, _, after int) gqlerror.List {
		if after%20_000 == 10_000 {
			sizes = append(sizes, heap())
		}
		return nil
	}}})
	counted := &countingWriter{header: make(http.Header)}
	h.ServeHTTP(counted, getExport(teamNames, "Accept-Encoding", "gzip;q=0"))
	if counted.lines != 100_001 {
		t.Errorf("the file has %d lines", counted.lines)
	}
	if growth := int64(slices.Max(sizes)) - int64(sizes[0]); len(sizes) != 5 || growth > 1<<20 {
		t.Errorf("the memory grows by %d bytes: %v", growth, sizes)
	}
}

// countingWriter counts lines.
type countingWriter struct {
	header http.Header
	lines  int
}

func (w *countingWriter) Header() http.Header { return w.header }
func (*countingWriter) WriteHeader(int)       {}
func (w *countingWriter) Write(b []byte) (int, error) {
	w.lines += bytes.Count(b, []byte("\n"))
	return len(b), nil
}
