package httpapi

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/bounds"
	"roster/internal/echo"
)

// longestName is how many bytes a name in a document may have. Each error about a document holds names, and there may be many errors.
const longestName = 200

// longestFindings is how many bytes the messages of one rule may have together, before they are cut. Names alone stay below it, whole values do not.
const longestFindings = 256 << 10

// longName refuses a document with a name that is too long, before anything is made of its names. It reads no further than a parser would.
func longName(text string, tokens int) *gqlerror.Error {
	words := lexer.New(&ast.Source{Input: text})
	for range tokens + 1 {
		word, err := words.ReadToken()
		switch {
		case err != nil || word.Kind == lexer.EOF: // the parser says what is wrong
			return nil
		case word.Kind == lexer.Name && len(word.Value) > longestName:
			return &gqlerror.Error{
				Message:    fmt.Sprintf("the name %s has %d bytes; a name may have %d", echo.Name(word.Value), len(word.Value), longestName),
				Locations:  []gqlerror.Location{{Line: word.Pos.Line, Column: word.Pos.Column}},
				Extensions: map[string]any{"code": errcode.ParseFailed},
			}
		}
	}
	return nil
}

// check holds a document to the schema, and ends early where what is wrong with it has become long. The error that is found first is always kept.
func (d *documents) check(ctx context.Context, doc *ast.QueryDocument) (errs gqlerror.List) {
	found := &findings{of: bounds.FromContext(ctx), most: max(1, d.limits.Errors)}
	defer func() {
		if p := recover(); p == found { // it is this value itself
			errs = found.errs
		} else if p != nil {
			panic(p)
		}
	}()
	return d.api.Prepare(doc, found.bound(quietRules()))
}

// findings are what rules find in one document.
type findings struct {
	of   *bounds.Answer
	most int // of each rule
	errs gqlerror.List
}

// bound gives rules of which each finds so many errors, and counts the others without making them. None loses its first: what fails by a rule goes on to
// fail by it, and a document that only OverlappingFieldsCanBeMerged has something against may be in order yet.
func (f *findings) bound(all *rules.Rules) *rules.Rules {
	for name, rule := range all.GetInner() {
		all.ReplaceRule(name, func(observers *core.Events, addError core.AddErrFunc) {
			found, length := 0, 0
			rule(observers, func(options ...core.ErrorOption) {
				if found >= f.most {
					f.of.Omit(1)
					return
				}
				found++
				addError(append(options, func(e *gqlerror.Error) {
					length += len(e.Message)
					f.errs = append(f.errs, e)
				})...)
				if length > longestFindings && name != rules.OverlappingFieldsCanBeMergedRule.Name {
					panic(f) // nothing else stops a walk, and each further error would be as long
				}
			})
		})
	}
	return all
}
