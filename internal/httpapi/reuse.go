package httpapi

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/freshness"
	"roster/internal/responsecache"
)

// largestRequest is the length up to which a request can be found by its text. Others are found when they have been parsed.
const largestRequest = 64 << 10

// maxPrefix is about the greatest length of what precedes the text in the key of a request.
const maxPrefix = 2 + 5*binary.MaxVarintLen64 + len(freshness.InExtensions) + 1

// reuse is how an operation shares its answer with others. A nil reuse shares nothing.
type reuse struct {
	cache   *responsecache.Cache
	prefix  []byte // what precedes the text in the key of the request
	class   []byte // the part of it that decides, besides the request, who may get the answer
	request []byte // the key of the request, a part of its input; nil if it has none
	key     string // of the answer; empty until it is known
	again   bool   // there was an answer with that key
	kept    bool   // the answer of the operation is in the cache
	flight  responsecache.Flight
	answer  *responsecache.Answer // that was found, and is correct
	fresh   freshness.Answer      // how fresh it is
	at      time.Time             // when it was found

	space [maxPrefix]byte // of prefix
}

// The first byte of a key.
const (
	keyOfGet = iota
	keyOfPost
	keyOfAnswer
)

// reuseOf returns how an operation shares its answer; nil if it does not: because of its own freshness requirement, or because its caller sends tokens for
// sources, which may say something of the caller.
func (h *handler) reuseOf(ctx context.Context, r *http.Request, op *operation) *reuse {
	if !op.exchange.Requirement.AcceptsAny() || access.SourceTokensOf(ctx).Any() {
		return nil
	}
	u := &op.ownReuse
	u.cache = h.responses
	b := append(u.space[:0], keyOfGet)
	if r.Method == http.MethodPost {
		b[0] = keyOfPost
	}
	b = h.appendClass(b, access.FromContext(ctx))
	u.class = b[1:len(b):len(b)]
	u.prefix = append(append(b, op.exchange.Place...), 0)
	return u
}

// keyPrefix returns the prefix, or nil.
func (u *reuse) keyPrefix() []byte {
	if u == nil {
		return nil
	}
	return u.prefix
}

// appendClass appends the visibility class of a caller: the scopes, and the limits that can refuse an answer, but not who the caller is.
func (h *handler) appendClass(b []byte, p *access.Principal) []byte {
	var scopes byte
	for i, scope := range access.AllScopes {
		if p.May(scope) {
			scopes |= 1 << i
		}
	}
	b = append(b, scopes)
	for _, limit := range [...]int{h.limits.BodyBytes, h.limits.VariablesBytes, h.limits.Cost, h.limits.ListItems, h.limits.AnswerBytes} {
		b = binary.AppendUvarint(b, uint64(limit)) //nolint:gosec // limits are not negative
	}
	return b
}

// repeat answers a request that has been answered before with the same answer. It returns false if it could not.
func (h *handler) repeat(ctx context.Context, w http.ResponseWriter, r *http.Request, m mediaType, op *operation, c caller) bool {
	if op.request > largestRequest {
		return false
	}
	a := h.responses.FindByRequest(op.input.key)
	if a != nil && op.reuse.take(a) {
		h.deliver(ctx, w, r, m, op, c, a)
		return true
	}
	op.reuse.request = op.input.key
	return false
}

// take takes an answer that was found, if it is still correct.
func (u *reuse) take(a *responsecache.Answer) bool {
	now := time.Now()
	fresh, ok := a.From.Reuse(now)
	if ok {
		u.answer, u.fresh, u.at = a, fresh, now
	}
	return ok
}

// found returns the answer that an operation gets without execution, or nil.
func (u *reuse) found() *responsecache.Answer {
	if u == nil {
		return nil
	}
	return u.answer
}

// forgetRequest makes the request need to be parsed each time.
func (u *reuse) forgetRequest() {
	if u != nil {
		u.request = nil
	}
}

// keepRequest records that the request leads to an answer.
func (u *reuse) keepRequest(a *responsecache.Answer) { u.cache.PutRequest(u.request, a) }

// end ends the flight of the operation, if it leads one.
func (u *reuse) end(a *responsecache.Answer) {
	if u != nil {
		u.flight.End(a)
	}
}

// reuseOrJoin finds the answer of an operation that can be for others too. If the same operation is being executed for another caller of the same class, it waits
// for its answer, which is part of the operation's time. It returns false if the operation must be executed.
func (h *handler) reuseOrJoin(of *operationContext, doc *document, chosen *preparedOperation, variables map[string]any) (bool, *refusal) {
	op := of.op
	u := op.reuse
	if u == nil || u.key != "" {
		return false, nil
	}
	if !chosen.reusable || doc.id == 0 || !op.exchange.Requirement.AcceptsAny() {
		op.reuse = nil
		return false, nil
	}
	var room [256]byte
	key := append(append(append(room[:0], keyOfAnswer), u.class...), op.exchange.Place...)
	key = append(key, 0)
	key = binary.AppendUvarint(key, doc.id)
	key = binary.AppendUvarint(key, uint64(chosen.number)) //nolint:gosec // it is not negative
	if key = append(key, 0); op.wantsCost {
		key[len(key)-1] = 1
	}
	key, ok := appendVariables(key, chosen.VariableDefinitions, variables)
	if !ok {
		op.reuse = nil
		return false, nil
	}
	u.answer = nil
	a := u.cache.Find(key)
	if a != nil && u.take(a) {
		return true, nil
	}
	u.again = a != nil
	flight := u.cache.Join(key, &u.flight)
	if u.key = flight.Key(); flight == &u.flight {
		return false, nil
	}
	of.endIn(h.limits.OperationTime)
	select {
	case <-flight.Ended():
	case <-of.Done():
		of.end()
		return false, tookTooLong
	}
	if a := flight.Answer(); a == nil || !u.take(a) {
		return false, nil
	}
	of.end()
	return true, nil
}

// appendVariables appends the coerced values of variables, in the order of their definitions. It returns false for a value of an unknown type.
func appendVariables(b []byte, definitions ast.VariableDefinitionList, values map[string]any) (_ []byte, ok bool) {
	for _, v := range definitions {
		value, is := values[v.Variable]
		if !is {
			b = append(b, '-')
		} else if b, ok = appendValue(b, value); !ok {
			return b, false
		}
	}
	return b, true
}

// appendValue appends a coerced value in a form that no other value has. It returns false for a value of an unknown type.
func appendValue(b []byte, v any) (_ []byte, ok bool) {
	switch v := v.(type) {
	case nil:
		return append(b, 'n'), true
	case bool:
		if v {
			return append(b, 't'), true
		}
		return append(b, 'f'), true
	case string:
		return appendText(append(b, 's'), v), true
	case json.Number:
		return appendText(append(b, 'm'), string(v)), true
	case int64:
		return binary.AppendVarint(append(b, 'i'), v), true
	case float64:
		return binary.BigEndian.AppendUint64(append(b, 'd'), math.Float64bits(v)), true
	case []any:
		b = binary.AppendUvarint(append(b, '['), uint64(len(v)))
		for _, item := range v {
			if b, ok = appendValue(b, item); !ok {
				return b, false
			}
		}
		return b, true
	case map[string]any:
		b = binary.AppendUvarint(append(b, '{'), uint64(len(v)))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if b, ok = appendValue(appendText(b, name), v[name]); !ok {
				return b, false
			}
		}
		return b, true
	}
	return b, false
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
