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

// codeLimit is the code of refusals because of a limit. Each such refusal has the limit's name in the configuration, and the number.
const codeLimit = "LIMIT_EXCEEDED"

// exceeded returns the refusal for an exceeded limit. Actual is omitted if it is negative, because nothing was counted to the end.
func exceeded(limit string, maximum, actual int, format string, args ...any) *refusal {
	more := map[string]any{"limit": limit, "maximum": maximum}
	if actual >= 0 {
		more["actual"] = actual
	}
	return &refusal{code: codeLimit, message: fmt.Sprintf(format, args...), more: more}
}

// withStatusOf returns a copy of the refusal with another status.
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

func (h *handler) tooLarge() *refusal {
	return exceeded("body_bytes", h.limits.BodyBytes, -1, "the body is larger than the limit of %d bytes", h.limits.BodyBytes).
		withStatus(http.StatusRequestEntityTooLarge)
}

func (h *handler) tooSlow() *refusal {
	return exceeded("body_time", int(h.limits.BodyTime/time.Second), -1, "the body did not come within the limit of %s", h.limits.BodyTime).
		withStatus(http.StatusRequestTimeout)
}

func (h *handler) belowRate() *refusal {
	return exceeded("min_rate", h.limits.MinRate, -1, "the body came more slowly than %d bytes in a second", h.limits.MinRate).
		withStatus(http.StatusRequestTimeout)
}

// checkVariables checks the length and shape of variables as they were sent.
func (h *handler) checkVariables(text []byte) *refusal {
	if n := len(text); n > h.limits.VariablesBytes {
		return exceeded("variables_bytes", h.limits.VariablesBytes, n, "the variables have %d bytes; the limit is %d", n, h.limits.VariablesBytes)
	}
	shape := measure(text)
	if n := shape.depth; n > h.limits.VariablesDepth {
		return exceeded("variables_depth", h.limits.VariablesDepth, n, "the variables are %d levels deep; the limit is %d", n, h.limits.VariablesDepth)
	}
	if n := shape.members; n > h.limits.members() {
		return badRequest(http.StatusBadRequest, "the variables have %d members of objects, and may have %d", n, h.limits.members())
	}
	return h.limits.checkItems(shape.items)
}

// members is the greatest number of members of all objects in variables: enough fields for all items of lists, if those are objects.
func (l *Limits) members() int { return 4 * l.ListItems }

// checkExtensions checks extensions against the limits of variables.
func (h *handler) checkExtensions(text []byte) *refusal {
	if shape := measure(text); shape.depth > h.limits.VariablesDepth || shape.items > h.limits.ListItems || shape.members > h.limits.members() {
		return badRequest(http.StatusBadRequest, "the extensions are deeper, or hold more, than variables may")
	}
	return nil
}

// checkItems checks the number of items in all lists of an operation's input.
func (l *Limits) checkItems(n int) *refusal {
	if n <= l.ListItems {
		return nil
	}
	return exceeded("list_items", l.ListItems, n, "the document and its variables have %d items in lists; the limit is %d: send them in several operations", n, l.ListItems)
}

// checkDocument checks the size of a parsed document before validation, whose cost grows with the square, or more, of some of these numbers.
func (l *Limits) checkDocument(doc *ast.QueryDocument) *refusal {
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
		return &refusal{code: errcode.ValidationFailed, message: "the fragment " + echo.Quoted(size.Cycle) + " contains itself"}
	}
	if cost.Pairs(doc, l.Pairs) > l.Pairs {
		return exceeded("pairs", l.Pairs, -1, "the document repeats fields: more than %d pairs of them have one name in one place", l.Pairs)
	}
	return nil
}

// checkCost checks the cost of an operation.
func (l *Limits) checkCost(total int) *refusal {
	if total <= l.Cost {
		return nil
	}
	actual := total
	if total >= cost.Most {
		actual = -1
	}
	return exceeded("cost", l.Cost, actual, "the operation may cost %d; the limit is %d: ask for smaller pages, or fewer within each other", total, l.Cost)
}

// cut returns at most the allowed number of errors, followed by one that counts the others. Omitted errors were left out earlier.
func (l *Limits) cut(errs gqlerror.List, omitted int) gqlerror.List {
	shown := min(len(errs), l.Errors)
	all := len(errs) + omitted
	if shown == all {
		return errs
	}
	note := exceeded("errors", l.Errors, all, "there are %d errors; %d of them are shown", all, shown)
	return append(errs[:shown:shown], note.list()...)
}
