package resolvers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
)

// codeForbidden is for what the caller's scopes do not allow.
const codeForbidden = "FORBIDDEN"

// withheld is what an operation asks for that its caller may not see: the objects' fields, and an error for each definition.
type withheld struct {
	fields  map[coordinate]bool
	names   []string // as the errors call them
	reports []report
	mu      sync.Mutex // for the paths of the reports
}

// report is an error for a definition, and the field of the document that it is about.
type report struct {
	field  *ast.Field
	object string // the type of the field's object; empty for any
	err    *gqlerror.Error
}

// withheld looks through an operation once, and not at all for a caller who may see everything. What the document does not name needs no look
// while it runs.
func (p *policy) withheld(op *graphql.OperationContext, caller *access.Principal) *withheld {
	w := &withheld{}
	if !slices.ContainsFunc(p.scopes, func(scope string) bool { return !caller.May(scope) }) {
		return w
	}
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		if f.ObjectDefinition == nil {
			return true
		}
		return p.look(f, caller, w)
	}, nil)
	return w
}

// look notes a field that is withheld, and says whether something below it can be asked for.
func (p *policy) look(f *ast.Field, caller *access.Principal, w *withheld) bool {
	declared, is := p.declared[coordinate{f.ObjectDefinition.Name, f.Name}]
	byInterface := is && !declared.metBy(caller)
	if byInterface {
		w.report(f, "", p.coordinate(f.ObjectDefinition.Name, f.Name), declared)
	}
	open := false
	for _, object := range p.objects[f.ObjectDefinition.Name] {
		at := coordinate{object, f.Name}
		need, is := p.needs[at]
		if !is || need.metBy(caller) {
			open = true
			continue
		}
		if w.fields == nil {
			w.fields = make(map[coordinate]bool)
		}
		w.fields[at] = true
		if !byInterface {
			w.report(f, object, p.coordinate(object, f.Name), need)
		}
	}
	return open
}

// report adds the error for a definition, once, at the place where it is asked for first.
func (w *withheld) report(f *ast.Field, object, name string, need requirement) {
	if slices.Contains(w.names, name) {
		return
	}
	w.names = append(w.names, name)
	e := &gqlerror.Error{
		Message:    fmt.Sprintf("%s needs the scope %s", name, need),
		Extensions: map[string]any{"code": codeForbidden, "coordinate": name},
	}
	if f.Position != nil {
		e.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
	}
	w.reports = append(w.reports, report{f, object, e})
}

// locate gives the errors about a field the path of a null that they cause. Of several, as in the items of a list, it is the first by its names and
// indices, whichever is resolved first.
func (w *withheld) locate(fc *graphql.FieldContext) {
	for _, r := range w.reports {
		if r.field.Position != fc.Field.Position || (r.object != "" && r.object != fc.Object) {
			continue
		}
		path := fc.Path()
		w.mu.Lock()
		if r.err.Path == nil || comparePaths(path, r.err.Path) < 0 {
			r.err.Path = path
		}
		w.mu.Unlock()
	}
}

func comparePaths(a, b ast.Path) int {
	return slices.CompareFunc(a, b, func(a, b ast.PathElement) int {
		i, isIndex := a.(ast.PathIndex)
		j, bothAre := b.(ast.PathIndex)
		if isIndex && bothAre {
			return cmp.Compare(i, j)
		}
		return cmp.Compare(ast.Path{a}.String(), ast.Path{b}.String())
	})
}

// errors gives what is to be told. What has turned out to stand nowhere in the answer, as in the items of an empty list, has no path.
func (w *withheld) errors() gqlerror.List {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs gqlerror.List
	for _, r := range w.reports {
		errs = append(errs, r.err)
	}
	return errs
}

// from makes the operation give null for what is withheld, before anything is resolved for it. Only an operation that asks for such fields pays for
// looking at each of its fields.
func (w *withheld) from(op *graphql.OperationContext) {
	if len(w.fields) == 0 {
		return
	}
	next := op.ResolverMiddleware
	op.ResolverMiddleware = func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		if fc := graphql.GetFieldContext(ctx); w.fields[coordinate{fc.Object, fc.Field.Name}] {
			w.locate(fc)
			return nil, nil //nolint:nilnil // the error has been said once, for all of them
		}
		return next(ctx, resolve)
	}
}

// refusal answers an operation that must not begin at all: one of a caller who may not ask, and a subscription to what its caller may not see, of
// which there would never be an event. Nil for all others.
func (w *withheld) refusal(op *graphql.OperationContext, caller *access.Principal) graphql.ResponseHandler {
	switch {
	case !caller.May(access.ScopeRead):
		return refuse(&gqlerror.Error{Message: access.ErrForbidden.Error(), Extensions: map[string]any{"code": codeForbidden}})
	case op.Operation.Operation != ast.Subscription:
		return nil
	}
	for at := range w.fields {
		if at.object == "Subscription" {
			return refuse(w.errors()...)
		}
	}
	return nil
}

func refuse(errs ...*gqlerror.Error) graphql.ResponseHandler {
	return graphql.OneShot(&graphql.Response{Errors: errs})
}
