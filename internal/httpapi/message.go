package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/access"
	"roster/internal/freshness"
)

// The types of messages in graphql-transport-ws.
const (
	messageInit      = "connection_init"
	messageAck       = "connection_ack"
	messagePing      = "ping"
	messagePong      = "pong"
	messageSubscribe = "subscribe"
	messageNext      = "next"
	messageError     = "error"
	messageComplete  = "complete"
)

// longestID is the greatest length of an operation's ID. Clients use a UUID or a number.
const longestID = 128

// message is a message of a client.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Payload json.RawMessage `json:"payload"`
}

var errMessage = errors.New("the message is none of graphql-transport-ws")

// readMessage parses a client's message. It rejects unknown types, and those that only servers send.
func readMessage(text []byte) (m message, err error) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if !utf8.Valid(text) || json.Unmarshal(text, &m) != nil {
		return m, errMessage
	}
	object := len(m.Payload) == 0 || string(m.Payload) == "null" || m.Payload[0] == '{'
	switch m.Type {
	case messageInit, messagePing, messagePong:
		if object && m.ID == "" {
			return m, nil
		}
	case messageSubscribe:
		if m.ID != "" && len(m.ID) <= longestID && len(m.Payload) > 0 && m.Payload[0] == '{' {
			return m, nil
		}
	case messageComplete:
		if m.ID != "" && len(m.ID) <= longestID {
			return m, nil
		}
	}
	return m, errMessage
}

// writeMessage writes a message of the server. The payload is JSON, or empty for none.
func writeMessage(b *bytes.Buffer, kind, id string, payload []byte) {
	beginMessage(b, kind, id)
	if len(payload) > 0 {
		b.WriteString(`,"payload":`)
		b.Write(payload)
	}
	b.WriteByte('}')
}

// writeAnswer writes the message with an answer, and frees the answer's data.
func writeAnswer(b *bytes.Buffer, id string, resp *graphql.Response) {
	b.Grow(len(resp.Data) + 1<<10)
	beginMessage(b, messageNext, id)
	b.WriteString(`,"payload":`)
	encode(b, resp)
	b.WriteByte('}')
	resp.Data = nil // frees the memory while the client reads the copy
}

func beginMessage(b *bytes.Buffer, kind, id string) {
	b.WriteString(`{"type":"` + kind + `"`)
	if id != "" {
		if text, err := json.Marshal(id); err == nil {
			b.WriteString(`,"id":`)
			b.Write(text)
		}
	}
}

// initial is the payload of connection_init, which replaces the headers that a browser cannot set.
type initial struct {
	authorization *string
	cacheControl  string
	sourceErrors  *string
	tokens        map[string]*string // for sources, by the names of the headers
}

// readInitial parses the payload of connection_init. It ignores unknown names.
func readInitial(payload []byte) (in initial, err error) {
	if len(payload) == 0 {
		return in, nil
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(payload, &all) != nil {
		return in, errMessage
	}
	seen := make(map[string]bool, len(all))
	for name, text := range all {
		if name = strings.ToLower(name); seen[name] { // it is unknown which of them is meant
			return in, errMessage
		}
		seen[name] = true
		var into any
		switch {
		case strings.EqualFold(name, "Authorization"):
			into = &in.authorization
		case strings.EqualFold(name, "Cache-Control"):
			into = &in.cacheControl
		case strings.EqualFold(name, freshness.SourceErrorsHeader):
			into = &in.sourceErrors
		default:
			header, ok := tokenHeader(name)
			if !ok {
				continue
			}
			if in.tokens == nil {
				in.tokens = make(map[string]*string)
			}
			in.tokens[header] = new(string)
			into = in.tokens[header]
		}
		if json.Unmarshal(text, into) != nil {
			return in, errMessage
		}
	}
	return in, nil
}

// place returns where the errors of sources are reported. The payload overrides the request's header.
func (in initial) place(r *http.Request) (freshness.Place, error) {
	if in.sourceErrors != nil {
		return freshness.ParsePlace([]string{*in.sourceErrors})
	}
	return freshness.ParsePlace(r.Header.Values(freshness.SourceErrorsHeader))
}

// shown returns the client's credentials. The payload overrides the request's headers.
func (in initial) shown(r *http.Request) credentials {
	s := credentialsOf(r)
	if in.authorization != nil {
		s.authorization, s.malformed = *in.authorization, *in.authorization == ""
	}
	if len(in.tokens) > 0 {
		s.tokens, s.unread = access.ParseSourceTokens(func(header string) []string {
			if token := in.tokens[header]; token != nil && *token != "" {
				return []string{*token}
			}
			return r.Header.Values(header)
		})
	}
	return s
}

// tokenHeader gives the header for tokens of that name, in any case of letters.
func tokenHeader(name string) (header string, ok bool) {
	for _, header := range access.TokenHeaders() {
		if strings.EqualFold(name, header) {
			return header, true
		}
	}
	return "", false
}
