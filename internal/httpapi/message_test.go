package httpapi

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

// Every text of a client is either a valid message of the protocol or an error, and what is written of a message can be read again.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"type":"connection_init","payload":{"Authorization":"x","Cache-Control":"max-age=1"}}`, `{"type":"ping"}`, `{"type":"pong","payload":null}`,
		`{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":{"a":[1]}}}`, `{"type":"complete","id":"1"}`, `{"type":"next","id":"\u0000"}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	d := &handler{limits: DefaultLimits()}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := readMessage(text)
		if err != nil {
			return
		}
		switch m.Type {
		case messageInit:
			_, _ = readInitial(m.Payload)
		case messageSubscribe:
			p := &graphql.RawParams{}
			_ = d.parse(m.Payload, nil, p)
		}
		var b bytes.Buffer
		writeMessage(&b, m.Type, m.ID, m.Payload)
		if !json.Valid(b.Bytes()) {
			t.Errorf("%q is written as %q", text, b.Bytes())
		}
	})
}

func TestReadInitialRefusesASecondOfOneName(t *testing.T) {
	t.Parallel()
	if in, err := readInitial([]byte(`{"authorization":"Bearer a","other":1}`)); err != nil || in.authorization == nil || *in.authorization != "Bearer a" {
		t.Errorf("one: %+v, %v", in, err)
	}
	if _, err := readInitial([]byte(`{"Authorization":"Bearer a","authorization":"Bearer b"}`)); err == nil {
		t.Error("two credentials are accepted, and it is unknown which counts")
	}
}

func TestMessageWithAByteOrderMark(t *testing.T) {
	t.Parallel()
	if m, err := readMessage([]byte("\ufeff" + `{"type":"ping"}`)); err != nil || m.Type != messagePing {
		t.Errorf("%+v, %v", m, err)
	}
	if id := idIn([]byte("\ufeff" + `{"id":"7","type":"subscribe"`)); id != "7" {
		t.Errorf("the ID is %q", id)
	}
}
