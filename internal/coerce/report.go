package coerce

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/echo"
)

// Code is the value of extensions.code of all errors about variables.
const Code = "BAD_USER_INPUT"

// maxErrors is the greatest number of errors that are reported for one operation.
const maxErrors = 10

// step is a field's name, or an index in a list.
type step struct {
	name   string
	index  int
	inList bool
}

func field(name string) step { return step{name: name} }
func item(index int) step    { return step{index: index, inList: true} }

type path []step

// within returns the path for a message, with a leading separator. It returns "" for the whole value.
func (p path) within() string {
	if len(p) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(", at ")
	for i, s := range p {
		switch {
		case s.inList:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case i > 0:
			b.WriteString("." + echo.Name(s.name))
		default:
			b.WriteString(echo.Name(s.name))
		}
	}
	return b.String()
}

// input returns the path in the form of extensions.inputPath.
func (p path) input() []any {
	out := make([]any, len(p))
	for i, s := range p {
		if out[i] = echo.Cut(s.name); s.inList {
			out[i] = s.index
		}
	}
	return out
}

// fault reports an error at the current path of the current variable.
func (c *coercion) fault(format string, args ...any) {
	if len(c.errs) >= maxErrors {
		return
	}
	c.errs = append(c.errs, report(c.variable.Position, append(path{field(c.variable.Variable)}, c.path...),
		"variable %q%s: %s", "$"+c.variable.Variable, c.path.within(), fmt.Sprintf(format, args...)))
}

func report(at *ast.Position, input path, format string, args ...any) *gqlerror.Error {
	e := &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": Code, "inputPath": input.input()}}
	if at != nil {
		e.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return e
}

// shown returns a value for a message. Long values are shortened.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	case json.Number:
		return echo.Cut(string(v))
	case string:
		return echo.Quoted(v)
	}
	return echo.Cut(fmt.Sprint(v))
}
