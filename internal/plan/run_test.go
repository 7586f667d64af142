package plan_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/plan"
)

// caller may see everything, and waits for nothing.
type caller struct{}

func (caller) IsDenied(*plan.Field, func() ast.Path) bool { return false }

func (caller) Await(context.Context, []any) {}

// people writes a list of people whose names are late, and fails for some.
type people struct {
	run    *plan.Run
	length int // of each name
	fail   map[any]bool
}

func fieldNamed(name string) *plan.Field {
	return &plan.Field{Object: "Query", Collected: graphql.CollectedField{Field: &ast.Field{Alias: name, Name: name}}}
}

func (p people) WriteData(b []byte) ([]byte, bool) {
	b = append(b, `{"people":[`...)
	p.run.Enter(fieldNamed("people"))
	p.run.EnterList()
	for i := range 3 {
		p.run.At(i)
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		p.run.Later(b, i, fieldNamed("name"))
		b = append(b, '}')
	}
	p.run.Leave()
	p.run.Leave()
	return append(b, "]}"...), true
}

func (p people) WriteLate(b []byte, object any, f *plan.Field) ([]byte, bool) {
	if p.fail[object] {
		p.run.Enter(f)
		p.run.Error(p.run.Context(), errors.New("no name"))
		p.run.Leave()
		return b, false
	}
	return append(b, strconv.Quote(strings.Repeat("x", p.length))...), true
}

func run(t *testing.T, p people) (*plan.Run, string, []string) {
	t.Helper()
	ctx := graphql.WithResponseContext(t.Context(), graphql.DefaultErrorPresenter, graphql.DefaultRecover)
	p.run = &plan.Run{Ctx: ctx, Caller: caller{}}
	data, ok := p.run.Execute(p)
	if !ok {
		t.Fatalf("the plan did not run to its end: %v", p.run.Panic)
	}
	var paths []string
	for _, e := range graphql.GetErrors(ctx) {
		paths = append(paths, e.Path.String())
	}
	return p.run, string(data), paths
}

// An error of a late value has the path of its field, as in gqlgen.
func TestLateErrors(t *testing.T) {
	t.Parallel()
	r, data, paths := run(t, people{length: 1, fail: map[any]bool{1: true, 2: true}})
	if diff := cmp.Diff(`{"people":[{"name":"x"},{"name":null},{"name":null}]}`, data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"people[1].name", "people[2].name"}, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`{"data":`+data+`}`, string(r.Body)); diff != "" {
		t.Errorf("the body (-want +got):\n%s", diff)
	}
}

// The memory of an answer is its own, whether it is short, or so long that the buffer in which it was written is not used again.
func TestAnswersDoNotShareMemory(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 1 << 10, 1 << 20} {
		first, data, _ := run(t, people{length: length})
		before := string(first.Body)
		run(t, people{length: length + 1})
		if got := string(first.Body); got != before || got != `{"data":`+data+`}` {
			t.Errorf("an answer of %d bytes has changed", len(before))
		}
		if room := cap(first.Body); room > len(first.Body)*3/2+64 {
			t.Errorf("an answer of %d bytes takes %d", len(first.Body), room)
		}
	}
}
