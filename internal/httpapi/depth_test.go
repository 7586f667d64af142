package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"roster/internal/httpapi"
)

func TestDepth(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}})
	deep := func(n int) string { return strings.Repeat("{self", n-1) + "{hello}" + strings.Repeat("}", n-1) }
	for name, c := range map[string]struct {
		document string
		refused  bool
	}{
		"as deep as allowed":    {deep(12), false},
		"one level deeper":      {deep(13), true},
		"deeper by a fragment":  {"{self{...F}} fragment F on Query" + deep(12), true},
		"inline fragments":      {"{self{... on Query" + deep(11) + "}}", false},
		"introspection is free": {"{__schema{types" + strings.Repeat("{fields{type{ofType", 1) + strings.Repeat("{ofType", 9) + "{name}" + strings.Repeat("}", 9) + "}}}}}", false},
		"fragments that double": {"{...A} fragment A on Query{self{...B b:self{...B}}} fragment B on Query{self{...C c:self{...C}}} fragment C on Query{hello}", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := json.Marshal(map[string]string{"query": c.document})
			if err != nil {
				t.Fatal(err)
			}
			rec := do(h, post(string(body)))
			if refused := strings.Contains(rec.Body.String(), "the limit is 12"); refused != c.refused || rec.Code != http.StatusOK {
				t.Errorf("HTTP %d: %s; want refused %v", rec.Code, rec.Body, c.refused)
			}
		})
	}
}
