package plan

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Room is the memory for the answer.
type Room interface {
	// Reserve reserves memory for data that already has so many bytes. It returns the length up to which no more need be reserved. If there is not
	// enough memory, it returns false.
	Reserve(bytes int) (until int, ok bool)
	// MaxBytes returns the greatest length of the data.
	MaxBytes() int
}

// Run is one execution of a plan. Generated code calls it.
type Run struct {
	// Ctx is the operation's context. Resolvers of fields without arguments get it.
	Ctx context.Context
	// Room bounds the answer; nil for no bounds.
	Room Room
	// Caller is asked about fields that are not as in other operations.
	Caller Caller

	// Body is the data as a whole answer that has nothing else, once the plan has been executed.
	Body []byte
	// Panic is what a panic has ended the execution with, and Stack where; nil if there was none.
	Panic any
	Stack []byte

	// Limit is the length of the data from which on More must be called.
	Limit int
	// Stopped is true if the rest of the data need not be made.
	Stopped   bool
	abandoned bool // only gqlgen can make the answer
	path      []step
	failures  []failure
	late      []late
	latePaths []step // one after another
	resolving resolving
}

// Caller is what an execution has to know of its operation.
type Caller interface {
	// IsDenied reports whether the caller may not see a field that is guarded. Path is the field's.
	IsDenied(f *Field, path func() ast.Path) bool
	// Await is called once before the late values are written, with the objects that have one.
	Await(ctx context.Context, objects []any)
}

// Writer writes the data of one execution. It is generated.
type Writer interface {
	// WriteData appends the answer's data and reports whether it is not null.
	WriteData(b []byte) ([]byte, bool)
	// WriteLate appends a late value of an object.
	WriteLate(b []byte, object any, f *Field) ([]byte, bool)
}

// Execute returns the answer's data. It returns false if gqlgen has to execute the operation from the beginning; nothing is reported then.
func (r *Run) Execute(writer Writer) (out []byte, ok bool) {
	defer func() {
		if p := recover(); p != nil { // gqlgen may run into it again, and then reports it at its field
			r.Panic, r.Stack = p, debug.Stack()
			out, ok = nil, false
		}
	}()
	w := work.Get().(*workspace) //nolint:errcheck // the pool has nothing else
	r.path = w.path[:0]
	b, ok := r.execute(append(w.buffer[:0], before...), writer)
	pooled := cap(b) <= maxPooled
	if ok {
		end := len(b)
		b = append(b, after...)
		if r.Body = b; pooled {
			r.Body = append(bodyOf(len(b)), b...)
		}
		out = r.Body[len(before):end:end]
	}
	if pooled {
		clear(r.path[:cap(r.path)])
		w.buffer, w.path, r.path = b, r.path, nil
		work.Put(w)
	}
	return out, ok
}

// What an answer has around its data, if it has nothing else.
const (
	before = `{"data":`
	after  = `}`
)

// workspace is memory that executions use one after another. The buffer of an answer grows while it is written, so a short answer gets a copy of the right size.
// The buffer of a long one is not used again, and is the answer.
type workspace struct {
	buffer []byte
	path   []step
}

var work = sync.Pool{New: func() any { return &workspace{make([]byte, 0, 4<<10), make([]step, 0, 16)} }}

// bodies have the memory of answers that nobody has any more. Short answers are not worth it.
var bodies sync.Pool

const shortBody = 4 << 10

// bodyOf returns memory for a body of the length; nil for new memory, which append does not clear before it copies.
func bodyOf(length int) []byte {
	if length < shortBody {
		return nil
	}
	body, _ := bodies.Get().(*[]byte)
	if body == nil || cap(*body) < length {
		return nil
	}
	return (*body)[:0]
}

// Reuse makes the memory of a Body available to other executions. Nobody may have it or its data any more.
func Reuse(body []byte) {
	if cap(body) >= shortBody && cap(body) <= maxPooled {
		bodies.Put(&body)
	}
}

// maxPooled is the capacity up to which a buffer is used again.
const maxPooled = 256 << 10

func (r *Run) execute(b []byte, writer Writer) ([]byte, bool) {
	r.Limit = math.MaxInt
	if r.Room != nil {
		r.Limit, _ = r.Room.Reserve(0)
	}
	b, is := writer.WriteData(b)
	if !is {
		b = append(b[:len(before)], "null"...)
		r.late = r.late[:0]
	}
	if len(r.late) > 0 && !r.Stopped {
		b = r.writeLate(b, writer)
	}
	if r.abandoned {
		return b, false
	}
	r.report()
	return b, true
}

// Abandon leaves the operation to gqlgen.
func (r *Run) Abandon() {
	r.abandoned, r.Stopped = true, true
}

// More reserves memory for more data than Limit, and reports whether there is some.
func (r *Run) More(b []byte) bool {
	if r.Room == nil {
		return true
	}
	if len(b)-len(before) > r.Room.MaxBytes() { // a part of it may become null and be short enough, which is rare
		r.Abandon()
		return false
	}
	until, ok := r.Room.Reserve(len(b))
	r.Limit, r.Stopped = until, !ok
	return ok
}

// Cut removes data that has become null.
func (r *Run) Cut(b []byte, start int) []byte {
	for len(r.late) > 0 && r.late[len(r.late)-1].at >= start {
		r.late = r.late[:len(r.late)-1]
	}
	return b[:start]
}

// IsDenied reports whether the caller may not see a field.
func (r *Run) IsDenied(f *Field) bool {
	return r.Caller.IsDenied(f, func() ast.Path {
		path := make(ast.Path, 0, len(r.path)+1)
		for _, s := range r.path {
			if s.field != nil {
				path = append(path, ast.PathName(s.field.Collected.Alias))
			} else {
				path = append(path, ast.PathIndex(s.index))
			}
		}
		return append(path, ast.PathName(f.Collected.Alias))
	})
}

// failure is an error that is reported at the end, if the plan has run to it.
type failure struct {
	ctx context.Context
	err error
	// alone is true for an error that is omitted if its field already has one.
	alone bool
}

// Fail adds an error of reading arguments. The context is that of the field.
func (r *Run) Fail(ctx context.Context, err error) {
	r.failures = append(r.failures, failure{ctx: ctx, err: err})
}

// Error adds an error of a resolver. The context is that of the field.
func (r *Run) Error(ctx context.Context, err error) {
	r.Fail(ctx, graphql.AddFieldLocationToError(ctx, err))
}

// The messages for a null that the schema does not allow, as gqlgen has them.
var (
	errNull        = errors.New("the requested element is null which the schema does not allow")
	errMustNotNull = errors.New("must not be null")
)

// Null adds the error for a null value of a type that allows none, at the current path.
func (r *Run) Null() {
	r.failures = append(r.failures, failure{r.Context(), errNull, true})
}

// NullField is Null for a field whose path has not been entered.
func (r *Run) NullField(f *Field) {
	r.Enter(f)
	r.Null()
	r.Leave()
}

// NullResult adds the error for a field whose getter returns nothing, at the current path.
func (r *Run) NullResult() {
	r.failures = append(r.failures, failure{r.Context(), errMustNotNull, true})
}

// Failed reports whether there are errors.
func (r *Run) Failed() bool { return len(r.failures) > 0 }

// report reports the errors in their order.
func (r *Run) report() {
	for _, f := range r.failures {
		if f.alone && graphql.HasFieldError(f.ctx, graphql.GetFieldContext(f.ctx)) {
			continue
		}
		graphql.AddError(f.ctx, f.err)
	}
}
