package model

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/directory"
	"roster/internal/plan"
)

// MarshalText writes a text, an empty one as null.
func MarshalText(t directory.Text) graphql.Marshaler {
	if t == "" {
		return graphql.Null
	}
	return graphql.MarshalString(string(t))
}

// AppendText appends a text as MarshalText writes it, and reports whether it is not null.
func AppendText(b []byte, t directory.Text) ([]byte, bool) {
	if t == "" {
		return b, false
	}
	return plan.AppendString(b, string(t)), true
}

// UnmarshalText reads a text.
func UnmarshalText(v any) (directory.Text, error) {
	s, err := graphql.UnmarshalString(v)
	return directory.Text(s), err
}

// MarshalDateTime writes an instant in RFC 3339 with its offset, the zero time as null.
func MarshalDateTime(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		b := make([]byte, 0, len(time.RFC3339Nano)+2)
		b = append(b, '"')
		b = t.AppendFormat(b, time.RFC3339)
		w.Write(append(b, '"')) //nolint:errcheck // the writer is a buffer
	})
}

// AppendDateTime appends an instant as MarshalDateTime writes it, and reports whether it is not null.
func AppendDateTime(b []byte, t time.Time) ([]byte, bool) { return plan.AppendTime(b, t) }

// UnmarshalDateTime reads an instant.
func UnmarshalDateTime(v any) (time.Time, error) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, errors.New("an instant is a string in RFC 3339")
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, errors.New("an instant is written as in RFC 3339")
	}
	return t, nil
}

// MarshalJSON writes a JSON value as it stands, none as null.
func MarshalJSON(m json.RawMessage) graphql.Marshaler {
	if m == nil {
		return graphql.Null
	}
	return graphql.WriterFunc(func(w io.Writer) {
		w.Write(m) //nolint:errcheck // the writer is a buffer
	})
}

// AppendJSON appends a value as MarshalJSON writes it, and reports whether it is not null.
func AppendJSON(b []byte, m json.RawMessage) ([]byte, bool) { return append(b, m...), m != nil }

// UnmarshalJSON reads any JSON value.
func UnmarshalJSON(v any) (json.RawMessage, error) { return json.Marshal(v) }
