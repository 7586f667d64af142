package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"roster/connectors"
)

// SourcesHeader is the header in which callers may send their own tokens for sources that can identify the owner of a token: the source's name, an
// equals sign and the token; several are separated by commas. A kind of source may have a header of its own in addition, see
// connectors.Kind.CallerHeader.
const SourcesHeader = "X-Roster-Source-Token"

// ErrSourceToken reports a SourcesHeader that cannot be read. It does not hold what was sent.
var ErrSourceToken = errors.New(SourcesHeader + ` must be the name of a source, "=" and a token; for several sources with commas between, each source once`)

// TokenHeaders lists the headers in which tokens for sources may come.
func TokenHeaders() []string {
	headers := []string{SourcesHeader}
	for _, k := range callerHeaders() {
		headers = append(headers, k.CallerHeader)
	}
	return headers
}

// callerHeaders are the kinds whose sources take tokens of callers. All kinds are registered before the first request.
var callerHeaders = sync.OnceValue(func() []*connectors.Kind {
	return slices.DeleteFunc(connectors.Kinds(), func(k *connectors.Kind) bool { return k.CallerHeader == "" })
})

// SourceTokens are a caller's own tokens for sources. They live as long as the request and are stored nowhere. The zero value has none.
type SourceTokens struct {
	bySource map[string]connectors.Secret
	byKind   map[connectors.KindName]connectors.Secret
}

// ParseSourceTokens reads the tokens from the values of each header. The error is ErrSourceToken.
func ParseSourceTokens(values func(header string) []string) (SourceTokens, error) {
	var t SourceTokens
	for _, value := range values(SourcesHeader) {
		for entry := range strings.SplitSeq(value, ",") {
			source, token, ok := strings.Cut(entry, "=")
			source, token = strings.TrimSpace(source), strings.TrimSpace(token)
			if _, twice := t.bySource[source]; !ok || source == "" || token == "" || twice {
				return SourceTokens{}, ErrSourceToken
			}
			if t.bySource == nil {
				t.bySource = make(map[string]connectors.Secret)
			}
			t.bySource[source] = connectors.Secret(token)
		}
	}
	for _, k := range callerHeaders() {
		if given := values(k.CallerHeader); len(given) > 0 && strings.TrimSpace(given[0]) != "" {
			if t.byKind == nil {
				t.byKind = make(map[connectors.KindName]connectors.Secret)
			}
			t.byKind[k.Name] = connectors.Secret(strings.TrimSpace(given[0]))
		}
	}
	return t, nil
}

// Any reports whether there is a token.
func (t SourceTokens) Any() bool { return len(t.bySource)+len(t.byKind) > 0 }

// For returns the token for a source of that kind: the one for this source, or else the one for all sources of its kind. It is empty if there is none.
func (t SourceTokens) For(source string, kind connectors.KindName) connectors.Secret {
	if token, ok := t.bySource[source]; ok {
		return token
	}
	return t.byKind[kind]
}

// WithSourceTokens returns a context with the caller's own tokens.
func WithSourceTokens(ctx context.Context, t SourceTokens) context.Context {
	if !t.Any() {
		return ctx
	}
	return &callerContext{ctx, FromContext(ctx), t}
}

// SourceTokensOf returns the caller's own tokens.
func SourceTokensOf(ctx context.Context) SourceTokens {
	if c := callerOf(ctx); c != nil {
		return c.tokens
	}
	return SourceTokens{}
}
