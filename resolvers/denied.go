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

// codeForbidden is the code of errors about scopes.
const codeForbidden = "FORBIDDEN"

// deniedFields are the fields of an operation that its caller may not see, with an error for each definition.
type deniedFields struct {
	fields  map[coordinate]bool
	names   []string // the definitions, as the errors name them
	reports []report
	mu      sync.Mutex // for the paths of the reports
}

// report is the error for a definition, and the first field of the document that it concerns.
type report struct {
	field  *ast.Field
	object string // the type of the field's object; empty for every type
	err    *gqlerror.Error
}

// nothingDenied is for all operations without denied fields. It never changes.
var nothingDenied deniedFields

// denied checks the fields of an operation. A caller who has all scopes is not checked.
func (p *policy) denied(op *graphql.OperationContext, caller *access.Principal) *deniedFields {
	if !slices.ContainsFunc(p.scopes, func(scope string) bool { return !caller.May(scope) }) {
		return &nothingDenied
	}
	d := &deniedFields{}
	walk(op, op.Operation.SelectionSet, func(f *ast.Field) bool {
		if f.ObjectDefinition == nil {
			return true
		}
		return p.check(f, caller, d)
	}, nil)
	return d
}

// check adds a field if it is denied, and reports whether the fields below it can be resolved for some type.
func (p *policy) check(f *ast.Field, caller *access.Principal, d *deniedFields) bool {
	declared, is := p.declared[coordinate{f.ObjectDefinition.Name, f.Name}]
	byInterface := is && !declared.metBy(caller)
	if byInterface {
		d.report(f, "", p.coordinate(f.ObjectDefinition.Name, f.Name), declared)
	}
	open := false
	for _, object := range p.objects[f.ObjectDefinition.Name] {
		at := coordinate{object, f.Name}
		need, is := p.needs[at]
		if !is || need.metBy(caller) {
			open = true
			continue
		}
		if d.fields == nil {
			d.fields = make(map[coordinate]bool)
		}
		d.fields[at] = true
		if !byInterface {
			d.report(f, object, p.coordinate(object, f.Name), need)
		}
	}
	return open
}

// report adds the error for a definition, once, with the location of its first field.
func (d *deniedFields) report(f *ast.Field, object, name string, need requirement) {
	if slices.Contains(d.names, name) {
		return
	}
	d.names = append(d.names, name)
	e := &gqlerror.Error{
		Message:    fmt.Sprintf("%s needs the scope %s", name, need),
		Extensions: map[string]any{"code": codeForbidden, "coordinate": name},
	}
	if f.Position != nil {
		e.Locations = []gqlerror.Location{{Line: f.Position.Line, Column: f.Position.Column}}
	}
	d.reports = append(d.reports, report{f, object, e})
}

// locate sets the path of the errors about a field that is null because of them. Of several paths, as in a list, it keeps the smallest, so that the order of
// resolving does not matter.
func (d *deniedFields) locate(field *ast.Field, object string, pathOf func() ast.Path) {
	for _, r := range d.reports {
		if r.field.Position != field.Position || (r.object != "" && r.object != object) {
			continue
		}
		path := pathOf()
		d.mu.Lock()
		if r.err.Path == nil || comparePaths(path, r.err.Path) < 0 {
			r.err.Path = path
		}
		d.mu.Unlock()
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

// errors returns the errors. If a denied field does not occur in the answer, as in an empty list, its error has no path.
func (d *deniedFields) errors() gqlerror.List {
	if len(d.reports) == 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs gqlerror.List
	for _, r := range d.reports {
		errs = append(errs, r.err)
	}
	return errs
}

// nullify makes denied fields null without calling their resolvers. Only operations with such fields have the cost of the check.
func (d *deniedFields) nullify(op *graphql.OperationContext) {
	if len(d.fields) == 0 {
		return
	}
	next := op.ResolverMiddleware
	op.ResolverMiddleware = func(ctx context.Context, resolve graphql.Resolver) (any, error) {
		if fc := graphql.GetFieldContext(ctx); d.fields[coordinate{fc.Object, fc.Field.Name}] {
			d.locate(fc.Field.Field, fc.Object, fc.Path)
			return nil, nil //nolint:nilnil // the error is added once for all occurrences
		}
		return next(ctx, resolve)
	}
}

// refusal returns the errors with which a whole operation is refused: that of a caller without the scope for reading, or a subscription to a denied field,
// which would never have an event. It returns nil for other operations.
func (d *deniedFields) refusal(op *graphql.OperationContext, caller *access.Principal) gqlerror.List {
	switch {
	case !caller.May(access.ScopeRead):
		return gqlerror.List{{Message: access.ErrForbidden.Error(), Extensions: map[string]any{"code": codeForbidden}}}
	case op.Operation.Operation != ast.Subscription:
		return nil
	}
	for at := range d.fields {
		if at.object == "Subscription" {
			return d.errors()
		}
	}
	return nil
}
