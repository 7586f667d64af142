package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"
)

// What front ends send, with all that changes from one moment to the next, is answered without an error, and every value is one that a front
// end can use.
func TestFrontEnds(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	for _, e := range examplesIn(t, "testdata/front-end") {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			var data map[string]any
			e.post(t, p).into(t, &data)
			seen := make(map[string]int)
			walk(data, func(key string, value any) {
				seen[key]++
				if fault := useless(key, value); fault != "" {
					t.Errorf("%s is %v: %s", key, value, fault)
				}
			})
			for _, key := range wanted[e.name] {
				if seen[key] == 0 {
					t.Errorf("no %s in the answer", key)
				}
			}
		})
	}
}

// wanted are the fields that change and must have a value somewhere in the answer. Presence may lack one: its source is asked every quarter of a
// minute only, whoever wants to know.
var wanted = map[string][]string{
	"01-people-table":  {"asOf", "avatarUrl"},
	"02-person-page":   {"url", "phones"},
	"05-address-book":  {"phones"},
	"06-overview":      {"asOf"},
	"07-source-status": {"syncedAt", "url"},
	"08-access-review": {"url"},
}

// walk visits every field that has a value, also those in lists.
func walk(v any, visit func(key string, value any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value != nil {
				visit(key, value)
				walk(value, visit)
			}
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// useless says why a front end cannot use a value; nothing is the empty text.
func useless(key string, value any) string {
	if text, ok := value.(string); ok && text == "" {
		return "an empty text, which would be null"
	}
	switch key {
	case "presence":
		if !slices.Contains([]any{"ONLINE", "AWAY", "BUSY", "OFFLINE"}, value) {
			return "no presence"
		}
	case "asOf", "syncedAt", "triedAt", "createdAt", "updatedAt", "addedAt":
		at, err := time.Parse(time.RFC3339, fmt.Sprint(value))
		if err != nil || at.After(time.Now().Add(time.Minute)) || at.Year() < 2000 {
			return "no instant in the past"
		}
	case "url", "avatarUrl":
		u, err := url.Parse(fmt.Sprint(value))
		if err != nil || u.Scheme == "" || u.Host == "" {
			return "no absolute address"
		}
	case "totalCount", "count":
		if n, ok := value.(float64); !ok || n < 0 {
			return "no count"
		}
	case "error":
		b, err := json.Marshal(value)
		return fmt.Sprintf("a healthy source has none: %s, %v", b, err)
	}
	return ""
}
