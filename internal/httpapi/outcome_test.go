package httpapi

import (
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestOutcomes(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, o := range Outcomes {
		name := o.String() + " " + o.Reason()
		if seen[name] || (o.Reason() != "") != (o.String() == "refused") {
			t.Errorf("outcome %d is %q", o, name)
		}
		seen[name] = true
	}
	for want, errs := range map[string]gqlerror.List{
		"ok ":                     nil,
		"partial ":                {{Extensions: map[string]any{"code": "SOURCE_STALE"}}},
		"refused requests":        {{Extensions: map[string]any{"code": "SOURCE_STALE"}}, exceeded("requests", 1, 2, "").list()[0]},
		"refused forbidden":       {{Extensions: map[string]any{"code": "FORBIDDEN"}}},
		"refused other":           {{Message: "something"}},
		"timed_out ":              {{Extensions: map[string]any{"code": codeTimeout}}, {Extensions: map[string]any{"code": codeBadRequest}}},
		"failed ":                 {{Extensions: map[string]any{"code": codeUnavailable}}, {Extensions: map[string]any{"code": codeTimeout}}},
		"refused running_cost":    exceeded("running_cost", 1, 2, "").list(),
		"refused caller_share":    {{Extensions: map[string]any{"code": codeLimit, "limit": "caller_share", "of": "streams"}}},
		"refused streams":         exceeded(resourceNames[4], 1, 2, "").list(),
		"refused variables_bytes": exceeded("variables_bytes", 1, 2, "").list(),
	} {
		o := outcomeOfErrors(errs)
		if got := o.String() + " " + o.Reason(); got != want {
			t.Errorf("%v: %q, want %q", errs, got, want)
		}
	}
}

// The limits of shared resources have reasons of their own.
func TestRefusalReasons(t *testing.T) {
	t.Parallel()
	for i, reason := range refusalReasons {
		if slices.Index(refusalReasons[:], reason) != i {
			t.Errorf("%s is there twice", reason)
		}
	}
	for _, name := range resourceNames {
		if !slices.Contains(refusalReasons[:], name) {
			t.Errorf("limit %s has no reason", name)
		}
	}
}
