package altcraft

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/connectors/conntest"
)

// answers are the lists in the test data, with what each key of their rows decides on.
func answers(t testing.TB) []conntest.Answer {
	t.Helper()
	var all []conntest.Answer
	files, err := filepath.Glob("testdata/users-list_*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, conntest.Answer{
			Name: strings.TrimSuffix(filepath.Base(file), ".json"), Body: body, Rows: []string{"data"}, ID: "username", None: []string{`null`, `{}`},
			Fields: map[string][]string{
				"first_name": {"FirstName", "Name"}, "last_name": {"LastName", "Name"}, "email": {"Emails"}, "notify_email": {"Details.NotifyEmail"},
				"phone": {"Phones"}, "lang": {"Locale"}, "active": {"Active", "Access"}, "master": {"Details.Master", "Access"},
			},
			Read: func(body []byte) (conntest.Content, error) { return conntest.ContentOf(listingOf(jsonForm, 200, body)) },
		})
	}
	return all
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	conntest.OddValues(t, answers(t)...)
}

// TestOddValuesInXML puts the same values into the answer as XML writes them: what is in a list are elements, and null is nothing.
func TestOddValuesInXML(t *testing.T) {
	t.Parallel()
	var all []conntest.Answer
	for _, a := range answers(t) {
		a.None, a.Slow = append(a.None, `""`), true
		a.Read = func(body []byte) (conntest.Content, error) {
			return conntest.ContentOf(listingOf(xmlForm, 200, inXML(t, body)))
		}
		if !strings.Contains(a.Name, "empty-object") { // which is no list in XML, and nobody's either
			all = append(all, a)
		}
	}
	conntest.OddValues(t, all...)
}

func TestAmounts(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Amounts(t, answers(t)...)
}

func FuzzOddValues(f *testing.F) { conntest.FuzzOddValues(f, answers(f)...) }

func inXML(t *testing.T, body []byte) []byte {
	t.Helper()
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	writeXML(&b, "xml", v)
	return b.Bytes()
}

func writeXML(b *bytes.Buffer, name string, v any) {
	name = strings.ReplaceAll(name, "\ufffd", "x") // no element is called that
	b.WriteString("<" + name + ">")
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			writeXML(b, key, item)
		}
	case []any:
		for _, item := range v {
			writeXML(b, "user", item)
		}
	case nil:
	case bool:
		b.WriteString(map[bool]string{true: "true", false: "false"}[v])
	case json.Number:
		b.WriteString(v.String())
	case string:
		_ = xml.EscapeText(b, []byte(v)) // a buffer takes everything
	}
	b.WriteString("</" + name + ">")
}
