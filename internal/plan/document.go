package plan

import (
	"context"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Document keeps the plans of a validated document, within maxBytes. It is safe for concurrent use.
type Document struct {
	// Grown is called when the plans take more memory; nil for nothing. It must be set before a plan is needed.
	Grown func()

	operations map[*ast.OperationDefinition]*Operation
	kept       kept
}

// NewDocument returns a document without plans. They are compiled when they are first needed.
func NewDocument(doc *ast.QueryDocument) *Document {
	d := &Document{operations: make(map[*ast.OperationDefinition]*Operation, len(doc.Operations))}
	for _, op := range doc.Operations {
		d.operations[op] = newOperation(doc, op)
		d.operations[op].of = d
	}
	return d
}

// Bytes returns about how much memory the plans take.
func (d *Document) Bytes() int { return int(d.kept.bytes.Load()) }

type documentKey struct{}

// ContextKey is the key of an operation's document in a context.
var ContextKey any = documentKey{}

// OperationOf returns where the plans of an operation are kept. An operation that is not in the context's document keeps none.
func OperationOf(ctx context.Context, doc *ast.QueryDocument, op *ast.OperationDefinition) *Operation {
	if d, _ := ctx.Value(documentKey{}).(*Document); d != nil && d.operations[op] != nil {
		return d.operations[op]
	}
	return newOperation(doc, op)
}

// maxVariants is the number of plans that are kept for one operation.
const maxVariants = 8

// Operation keeps the plans of one operation: one for each set of values of the variables in @skip and @include, so that a plan has no conditions.
type Operation struct {
	doc        *ast.QueryDocument
	definition *ast.OperationDefinition
	conditions []string  // the variables that decide which plan is used
	of         *Document // nil if no plans are kept

	mu       sync.RWMutex
	variants map[uint64]*Variant
	// last is a variant that is not kept, as long as an operation uses it, and its key.
	last    weak.Pointer[Variant]
	lastKey uint64
}

// Variant is an operation with values of the variables in @skip and @include.
type Variant struct {
	// Selection is the plan; nil if only gqlgen runs the operation exactly. Err says why.
	Selection *Selection
	Err       error
	// Facts is what the compiler's Facts has found.
	Facts any

	bytes  int
	failed atomic.Bool
}

// Plan returns the plan; nil if gqlgen has to execute the operation.
func (v *Variant) Plan() *Selection {
	if v.failed.Load() {
		return nil
	}
	return v.Selection
}

// Fail leaves the operation to gqlgen from now on. It returns false if it has been called before.
func (v *Variant) Fail() bool { return v.failed.CompareAndSwap(false, true) }

func newOperation(doc *ast.QueryDocument, op *ast.OperationDefinition) *Operation {
	return &Operation{doc: doc, definition: op, conditions: conditionsOf(op), variants: make(map[uint64]*Variant)}
}

// Variant returns what has been compiled for the variables of a running operation, or compiles it.
func (o *Operation) Variant(c *Compiler, running *graphql.OperationContext) *Variant {
	var key uint64
	if len(o.conditions) > 64 {
		return o.compile(c, running)
	}
	for i, name := range o.conditions {
		if yes, _ := running.Variables[name].(bool); yes {
			key |= 1 << i
		}
	}
	o.mu.RLock()
	v := o.variants[key]
	if v == nil && o.lastKey == key {
		v = o.last.Value()
	}
	o.mu.RUnlock()
	if v == nil {
		v = o.compile(c, running)
		if o.keep(key, v) && o.of.Grown != nil {
			o.of.Grown()
		}
	}
	return v
}

// keep keeps what has been compiled, if there is room, and reports whether it does.
func (o *Operation) keep(key uint64, v *Variant) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil || o.variants[key] != nil || len(o.variants) >= maxVariants || !o.of.kept.add(v.bytes) {
		o.last, o.lastKey = weak.Make(v), key
		return false
	}
	o.variants[key] = v
	return true
}

func (o *Operation) compile(c *Compiler, running *graphql.OperationContext) *Variant {
	v := &Variant{}
	v.Selection, v.bytes, v.Err = c.compile(o.doc, o.definition, running.Variables)
	if c.Facts != nil {
		var bytes int
		v.Facts, bytes = c.Facts(running)
		v.bytes += bytes
	}
	v.bytes += variantBytes
	return v
}

// conditionsOf returns the variables that @skip and @include use in an operation.
func conditionsOf(op *ast.OperationDefinition) []string {
	w := conditionWalker{seen: make(map[string]bool), fragments: make(map[*ast.FragmentDefinition]bool)}
	w.walk(op.SelectionSet)
	return w.names
}

type conditionWalker struct {
	names     []string
	seen      map[string]bool
	fragments map[*ast.FragmentDefinition]bool
}

func (w *conditionWalker) walk(set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			w.read(s.Directives)
			w.walk(s.SelectionSet)
		case *ast.InlineFragment:
			w.read(s.Directives)
			w.walk(s.SelectionSet)
		case *ast.FragmentSpread:
			w.read(s.Directives)
			if !w.fragments[s.Definition] {
				w.fragments[s.Definition] = true
				w.walk(s.Definition.SelectionSet)
			}
		}
	}
}

func (w *conditionWalker) read(directives ast.DirectiveList) {
	for _, d := range directives {
		if arg := d.Arguments.ForName("if"); arg != nil && arg.Value.Kind == ast.Variable && !w.seen[arg.Value.Raw] {
			w.seen[arg.Value.Raw] = true
			w.names = append(w.names, arg.Value.Raw)
		}
	}
}
