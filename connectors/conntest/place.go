package conntest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// place returns the row and the row's key that contain a place, or -1 if it is in no row.
func (b *answer) place(at []any) (row int, key string) {
	n := len(b.Rows)
	if len(at) <= n || !slices.Equal(b.Rows, texts(at[:n])) {
		return -1, ""
	}
	row, ok := at[n].(int)
	if !ok {
		return -1, ""
	}
	if len(at) > n+1 {
		key, _ = at[n+1].(string)
	}
	return row, key
}

// rows returns the path to the rows.
func (b *answer) rows() []any {
	at := make([]any, len(b.Rows))
	for i, key := range b.Rows {
		at[i] = key
	}
	return at
}

func texts(at []any) []string {
	var keys []string
	for _, step := range at {
		keys = append(keys, fmt.Sprint(step))
	}
	return keys
}

func get(v any, at []any) any {
	for _, step := range at {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step] //nolint:errcheck // the path exists in this document
		case int:
			v = v.([]any)[step] //nolint:errcheck // as above
		}
	}
	return v
}

// put returns a copy of the document with another value in a place.
func put(document any, at []any, v any) any {
	if len(at) == 0 {
		return v
	}
	switch step := at[0].(type) {
	case string:
		object := make(map[string]any)
		for key, item := range document.(map[string]any) { //nolint:errcheck // as above
			object[key] = item
		}
		object[step] = put(object[step], at[1:], v)
		return object
	default:
		list := slices.Clone(document.([]any))              //nolint:errcheck // as above
		list[step.(int)] = put(list[step.(int)], at[1:], v) //nolint:errcheck // as above
		return list
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte(hugePrefix)) {
		for i, huge := range hugeValues {
			body = bytes.ReplaceAll(body, []byte(hugeMark(i)), []byte(huge))
		}
	}
	return bytes.ReplaceAll(body, []byte(notText), []byte("\xff\xfe"))
}
