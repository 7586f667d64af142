package resolvers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/generation"
)

// codeCursorExpired is the code of errors about a cursor after which changes are missing.
const codeCursorExpired = "CURSOR_EXPIRED"

// codeChangesUnavailable is the code of errors about a log that this replica cannot serve at present.
const codeChangesUnavailable = "CHANGES_UNAVAILABLE"

// changeStream is the changes of one subscription. gqlgen takes each of them from a channel, which has one only while an answer is made: so the operation's
// view can be that of the change, and no goroutine has to wait for a slow client.
type changeStream struct {
	reader *changes.Reader
	wanted func(*changes.Event) bool
	events chan *changes.Event
	// visible has the fields of the last wanted change that the caller may see.
	visible []string
	over    bool
}

// noChanges is the log of resolvers without one.
var noChanges = changes.NewLog(changes.Options{})

// changes returns the log of changes.
func (r *Resolver) changes() *changes.Log { return cmp.Or(r.Changes, noChanges) }

// openStream begins a subscription of the operation. It ends with ctx.
func (r *Resolver) openStream(ctx context.Context, op *operation, f *changeFilter, after *string) (<-chan *changes.Event, error) {
	from := ""
	if after != nil {
		if from = *after; from == "" {
			return nil, expired()
		}
	}
	reader, err := r.changes().Reader(from)
	if err != nil {
		return nil, streamProblem(err)
	}
	context.AfterFunc(ctx, reader.Close)
	caller := access.FromContext(ctx)
	s := &changeStream{reader: reader, events: make(chan *changes.Event, 1)}
	s.wanted = func(e *changes.Event) bool {
		if !f.selects(e) {
			return false
		}
		s.visible = op.policy.visible(caller, e)
		return e.Action != changes.Updated || len(s.visible) > 0
	}
	op.stream = s
	return s.events, nil
}

// expired is the error for a cursor after which changes are missing.
func expired() *gqlerror.Error {
	return &gqlerror.Error{
		Message:    changes.ErrExpired.Error() + ": read anew what you show, together with changeCursor, and subscribe with that cursor",
		Extensions: map[string]any{"code": codeCursorExpired},
	}
}

// streamProblem is the error for a client whose stream cannot begin or go on, because of an error of the log.
func streamProblem(err error) *gqlerror.Error {
	if errors.Is(err, changes.ErrUnavailable) {
		return &gqlerror.Error{
			Message:    changes.ErrUnavailable.Error() + ": subscribe again in a few seconds, with your last cursor",
			Extensions: map[string]any{"code": codeChangesUnavailable},
		}
	}
	return expired()
}

// nextChange waits for the next change of a subscription, and sets the operation's view to the data of the present. It returns false at the end, with an
// error if the client has to know of one.
func (e *extension) nextChange(ctx context.Context, op *operation) (*gqlerror.Error, bool) {
	s := op.stream
	if s.over {
		return nil, false
	}
	op.view, op.ownView = nil, generation.View{} // so that a stream that waits keeps no directory in memory
	event, err := s.reader.Next(ctx, s.wanted)
	if err == nil {
		err = ctx.Err() // the reader may have found the event when the stream ended
	}
	if err != nil {
		s.end()
		if errors.Is(err, changes.ErrExpired) || errors.Is(err, changes.ErrUnavailable) {
			return streamProblem(err), false
		}
		return nil, false
	}
	op.began = time.Now()
	view, _ := e.Publisher.CurrentAt(op.began).View(op.collections)
	op.setView(ctx, view)
	op.statuses = statuses{}
	op.items.Store(0)
	op.full.Store(false)
	if op.presence != nil {
		op.presence = loadPresence(e.Presence)
	}
	s.events <- event
	return nil, true
}

// streamed returns the next answer of a subscription, or nil at its end.
func (e *extension) streamed(ctx context.Context, op *operation, next graphql.ResponseHandler) *graphql.Response {
	problem, ok := e.nextChange(ctx, op)
	switch {
	case problem != nil:
		return &graphql.Response{Errors: gqlerror.List{problem}}
	case !ok:
		return nil
	}
	resp := next(ctx)
	if resp == nil {
		return nil
	}
	resp = e.complete(ctx, op, resp)
	if d := resp.Data; len(d) == 0 || string(d) == "null" || bytes.HasSuffix(d, []byte(":null}")) {
		op.stream.end() // for example because the answer was too long: the client must not miss this change and get the next
	}
	return resp
}

// end ends the stream, after the answer that is being made.
func (s *changeStream) end() {
	s.over = true
	s.reader.Close()
}

// changeFilter selects changes.
type changeFilter struct {
	kinds   []changes.Kind
	actions []changes.Action
	sources []string
	ids     map[string]bool
}

func newChangeFilter(kinds []changes.Kind, sources []string, more *model.ChangeFilter) *changeFilter {
	f := &changeFilter{kinds: kinds, sources: sources}
	if more != nil {
		f.actions, f.ids = more.Actions, make(map[string]bool, len(more.Ids))
		for _, id := range more.Ids {
			f.ids[id] = true
		}
	}
	return f
}

// selects reports whether a change is wanted. A reset always is: it can concern whatever the others select.
func (f *changeFilter) selects(e *changes.Event) bool {
	return e.Reset || (len(f.kinds) == 0 || slices.Contains(f.kinds, e.Kind)) && (len(f.actions) == 0 || slices.Contains(f.actions, e.Action)) &&
		(len(f.ids) == 0 || f.ids[e.ID] || f.ids[e.RelatedID]) &&
		(len(f.sources) == 0 || slices.ContainsFunc(e.Sources, func(name string) bool { return slices.Contains(f.sources, name) }))
}

// visible returns the GraphQL fields of a change that the caller may see, each once.
func (p *policy) visible(caller *access.Principal, e *changes.Event) []string {
	names := make([]string, 0, len(e.Fields))
	for _, f := range e.Fields {
		name, of, _ := strings.Cut(f, ".")
		if !slices.Contains(names, name) && p.needs[coordinate{e.Kind.String(), name}].metBy(caller) && p.seesOfAccounts(caller, of) {
			names = append(names, name)
		}
	}
	return names
}

// seesOfAccounts reports whether the caller may see a field of accounts, whatever their type is. The field is empty for what everyone may see. It has the
// name of a Go field, which gqlgen binds to the field of the schema whatever the case of its letters is. What no type shows, nobody may see.
func (p *policy) seesOfAccounts(caller *access.Principal, field string) bool {
	need, shown := p.ofAccounts[strings.ToLower(field)]
	return field == "" || shown && need.metBy(caller)
}
