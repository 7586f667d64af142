package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"roster/graph/model"
	"roster/internal/changes"
	"roster/internal/plan"
)

// subscribed executes a subscription. Most ask for nothing but the change itself, and a thousand of them get each change: so their answers are written directly.
// Gqlgen, which makes a context and a marshaler for each field of each answer, takes several times as long.
func (e *executable) subscribed(ctx context.Context, op *operation) graphql.ResponseHandler {
	answer := changeAnswerOf(graphql.GetOperationContext(ctx))
	if answer == nil || len(op.denied.fields) > 0 || !e.executes(ctx) { // gqlgen makes denied fields null
		return e.byGqlgen(ctx)
	}
	op.turn = make(chan struct{}, 1)
	byGqlgen := e.ExecutableSchema.Exec(ctx) // which calls the resolver of the root field
	if op.stream == nil {                    // it was refused
		return byGqlgen
	}
	e.resolver.plans().Planned()
	return func(context.Context) *graphql.Response {
		select {
		case event := <-op.stream.events:
			return &graphql.Response{Data: answer.write(event, op.stream.visible)}
		default:
			return nil
		}
	}
}

// changeAnswer is what a subscription asks of each change, without fragments and conditions.
type changeAnswer struct {
	key    string // with the beginning of the answer
	fields []changeField
}

// changeField is a field of a change.
type changeField struct {
	key   string // with the punctuation before it
	write func(b []byte, e *changes.Event, visible []string) []byte
}

// changeFields has the fields of a change that depend on nothing else; so not node, which is read from the directory of the present.
var changeFields = map[string]func(b []byte, e *changes.Event, visible []string) []byte{
	"__typename": func(b []byte, _ *changes.Event, _ []string) []byte { return append(b, `"Change"`...) },
	"cursor":     func(b []byte, e *changes.Event, _ []string) []byte { return plan.AppendString(b, e.Cursor) },
	"at": func(b []byte, e *changes.Event, _ []string) []byte {
		b, _ = plan.AppendTime(b, e.At)
		return b
	},
	"kind": func(b []byte, e *changes.Event, _ []string) []byte {
		b, _ = model.AppendChangeKind(b, e.Kind)
		return b
	},
	"action": func(b []byte, e *changes.Event, _ []string) []byte {
		b, _ = model.AppendChangeAction(b, e.Action)
		return b
	},
	"id": func(b []byte, e *changes.Event, _ []string) []byte { return plan.AppendID(b, e.ID) },
	"relatedId": func(b []byte, e *changes.Event, _ []string) []byte {
		if e.RelatedID == "" {
			return append(b, "null"...)
		}
		return plan.AppendID(b, e.RelatedID)
	},
	"label": func(b []byte, e *changes.Event, _ []string) []byte { return plan.AppendString(b, e.Label) },
	"fields": func(b []byte, _ *changes.Event, visible []string) []byte {
		b = append(b, '[')
		for i, name := range visible {
			if i > 0 {
				b = append(b, ',')
			}
			b = plan.AppendString(b, name)
		}
		return append(b, ']')
	},
	"reset": func(b []byte, e *changes.Event, _ []string) []byte { return plan.AppendBoolean(b, e.Reset) },
}

// changeAnswerOf returns what a subscription asks of each change; nil if it asks for something else too.
func changeAnswerOf(running *graphql.OperationContext) *changeAnswer {
	roots := graphql.CollectFields(running, running.Operation.SelectionSet, []string{"Subscription"})
	if len(roots) != 1 || roots[0].Name != "changes" {
		return nil
	}
	a := &changeAnswer{key: `{"` + roots[0].Alias + `":{`}
	for i, f := range graphql.CollectFields(running, roots[0].Selections, []string{"Change"}) {
		write := changeFields[f.Name]
		if write == nil {
			return nil
		}
		key := `,"` + f.Alias + `":`
		if i == 0 {
			key = key[1:]
		}
		a.fields = append(a.fields, changeField{key, write})
	}
	return a
}

// write returns the data of the answer about a change.
func (a *changeAnswer) write(e *changes.Event, visible []string) []byte {
	b := append(make([]byte, 0, 320), a.key...)
	for i := range a.fields {
		b = append(b, a.fields[i].key...)
		b = a.fields[i].write(b, e, visible)
	}
	return append(b, "}}"...)
}
