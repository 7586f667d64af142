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

// maxNameBytes is the greatest length of a name in a document. There may be many errors about a document, and each contains names.
const maxNameBytes = 200

// maxFindingsBytes is the total length of one rule's messages from which on validation stops. Messages with names stay below it, those with values may not.
const maxFindingsBytes = 256 << 10

// checkNames rejects a document with a name that is too long, before its names are used. It reads at most as many tokens as the parser would.
func checkNames(text string, tokens int) *gqlerror.Error {
	words := lexer.New(&ast.Source{Input: text})
	for range tokens + 1 {
		word, err := words.ReadToken()
		switch {
		case err != nil || word.Kind == lexer.EOF: // the parser reports the error
			return nil
		case word.Kind == lexer.Name && len(word.Value) > maxNameBytes:
			return &gqlerror.Error{
				Message:    fmt.Sprintf("the name %s has %d bytes; a name may have %d", echo.Name(word.Value), len(word.Value), maxNameBytes),
				Locations:  []gqlerror.Location{{Line: word.Pos.Line, Column: word.Pos.Column}},
				Extensions: map[string]any{"code": errcode.ParseFailed},
			}
		}
	}
	return nil
}

// check validates a document, and stops early if the errors become long. The first error is always kept.
func (d *documents) check(ctx context.Context, doc *ast.QueryDocument) (errs gqlerror.List) {
	found := &findings{of: bounds.FromContext(ctx), most: max(1, d.limits.Errors)}
	defer func() {
		if p := recover(); p == found { // the panic of bound
			errs = found.errs
		} else if p != nil {
			panic(p)
		}
	}()
	return d.api.Prepare(doc, found.bound(quietRules()))
}

// findings are the errors that rules find in one document.
type findings struct {
	of   *bounds.Answer
	most int // of each rule
	errs gqlerror.List
}

// bound returns rules that each report a limited number of errors, and count the others. Each rule reports at least its first error, so that no invalid
// document passes. OverlappingFieldsCanBeMerged alone may report conflicts that the API then permits.
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
				if length > maxFindingsBytes && name != rules.OverlappingFieldsCanBeMergedRule.Name {
					panic(f) // nothing else stops validation, and further errors would be as long
				}
			})
		})
	}
	return all
}
