package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/cost"
	"roster/internal/echo"
)

// codeLimit is for what is more than is allowed. Each such refusal names the limit as the configuration does, and the number.
const codeLimit = "LIMIT_EXCEEDED"

// exceeded refuses what is beyond a limit. Actual is left out where it is below zero: then nobody has counted to the end.
func exceeded(limit string, maximum, actual int, format string, args ...any) *refusal {
	more := map[string]any{"limit": limit, "maximum": maximum}
	if actual >= 0 {
		more["actual"] = actual
	}
	return &refusal{code: codeLimit, message: fmt.Sprintf(format, args...), more: more}
}

// withStatusOf gives the refusal with a status, and leaves it as it is.
func (e *refusal) withStatusOf(status int) *refusal {
	out := *e
	out.status = status
	return &out
}

func (e *refusal) withStatus(status int) *refusal {
	e.status = status
	return e
}

func (e *refusal) retryIn(wait time.Duration) *refusal {
	e.retryAfter = wait
	return e
}

func (d *door) tooLarge() *refusal {
	return exceeded("body_bytes", d.limits.BodyBytes, -1, "the body is larger than the limit of %d bytes", d.limits.BodyBytes).
		withStatus(http.StatusRequestEntityTooLarge)
}

func (d *door) tooSlow() *refusal {
	return exceeded("body_time", int(d.limits.BodyTime/time.Second), -1, "the body did not come within the limit of %s", d.limits.BodyTime).
		withStatus(http.StatusRequestTimeout)
}

func (d *door) belowRate() *refusal {
	return exceeded("min_rate", d.limits.MinRate, -1, "the body came more slowly than %d bytes in a second", d.limits.MinRate).
		withStatus(http.StatusRequestTimeout)
}

// fitVariables measures variables as they were sent.
func (d *door) fitVariables(text []byte) *refusal {
	if n := len(text); n > d.limits.VariablesBytes {
		return exceeded("variables_bytes", d.limits.VariablesBytes, n, "the variables have %d bytes; the limit is %d", n, d.limits.VariablesBytes)
	}
	shape := measure(text)
	if n := shape.depth; n > d.limits.VariablesDepth {
		return exceeded("variables_depth", d.limits.VariablesDepth, n, "the variables are %d levels deep; the limit is %d", n, d.limits.VariablesDepth)
	}
	if n := shape.members; n > d.limits.members() {
		return badRequest(http.StatusBadRequest, "the variables have %d members of objects, and may have %d", n, d.limits.members())
	}
	return d.limits.fitItems(shape.items)
}

// members is how many members all objects of the variables may have together: as many fields as the items of a list have that are objects, and no more.
func (l *Limits) members() int { return 4 * l.ListItems }

// fitExtensions holds extensions to the shape of variables.
func (d *door) fitExtensions(text []byte) *refusal {
	if shape := measure(text); shape.depth > d.limits.VariablesDepth || shape.items > d.limits.ListItems || shape.members > d.limits.members() {
		return badRequest(http.StatusBadRequest, "the extensions are deeper, or hold more, than variables may")
	}
	return nil
}

// fitItems holds the items of all lists that an operation is given against the limit.
func (l *Limits) fitItems(n int) *refusal {
	if n <= l.ListItems {
		return nil
	}
	return exceeded("list_items", l.ListItems, n, "the document and its variables have %d items in lists; the limit is %d: send them in several operations", n, l.ListItems)
}

// fit measures a document that has been parsed and not yet checked: checking takes the square of some of these numbers, and more than that of others.
func (l *Limits) fit(doc *ast.QueryDocument) *refusal {
	size := cost.Measure(doc)
	for _, m := range [...]struct {
		limit, verb, noun string
		actual, maximum   int
	}{
		{"fragments", "has", "fragments", len(doc.Fragments), l.Fragments},
		{"depth", "is", "levels deep", size.Depth, l.Depth},
		{"fields", "has", "fields, with its fragments put in where they are used", size.Fields, l.Fields},
		{"aliases", "has", "aliases", size.Aliases, l.Aliases},
		{"directives", "has", "directives", size.Directives, l.Directives},
		{"root_fields", "has an operation with", "fields at its root", size.Roots, l.RootFields},
	} {
		if m.actual > m.maximum {
			return exceeded(m.limit, m.maximum, m.actual, "the document %s %d %s; the limit is %d", m.verb, m.actual, m.noun, m.maximum)
		}
	}
	if size.Cycle != "" {
		return &refusal{code: errcode.ValidationFailed, message: "the fragment " + echo.Quoted(size.Cycle) + " holds itself"}
	}
	if cost.Pairs(doc, l.Pairs) > l.Pairs {
		return exceeded("pairs", l.Pairs, -1, "the document repeats fields: more than %d pairs of them have one name in one place", l.Pairs)
	}
	return nil
}

// afford holds what an operation may cost against the limit.
func (l *Limits) afford(total int) *refusal {
	if total <= l.Cost {
		return nil
	}
	actual := total
	if total >= cost.Most {
		actual = -1
	}
	return exceeded("cost", l.Cost, actual, "the operation may cost %d; the limit is %d: ask for smaller pages, or fewer within each other", total, l.Cost)
}

// cut shows as many errors as may be shown, and how many there are beside them. Some were left out before.
func (l *Limits) cut(errs gqlerror.List, omitted int) gqlerror.List {
	shown := min(len(errs), l.Errors)
	all := len(errs) + omitted
	if shown == all {
		return errs
	}
	note := exceeded("errors", l.Errors, all, "there are %d errors; %d of them are shown", all, shown)
	return append(errs[:shown:shown], note.list()...)
}
