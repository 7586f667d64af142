package access_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	_ "roster/connectors/registry"
	"roster/internal/access"
)

func TestSourceTokens(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		headers []string
		want    string // the tokens for ws and crm
		err     error
	}{
		"none":                  {nil, " ", nil},
		"one":                   {[]string{"X-Roster-Source-Token", "ws=t1"}, "t1 ", nil},
		"several":               {[]string{"X-Roster-Source-Token", " ws = t1 ,crm=t2"}, "t1 t2", nil},
		"several headers":       {[]string{"X-Roster-Source-Token", "ws=t1", "X-Roster-Source-Token", "crm=t2"}, "t1 t2", nil},
		"padding":               {[]string{"X-Roster-Source-Token", "ws=dDE=="}, "dDE== ", nil},
		"a kind's own header":   {[]string{"X-Roster-Worksection-Token", " t1 "}, "t1 ", nil},
		"the source before it":  {[]string{"X-Roster-Worksection-Token", "t1", "X-Roster-Source-Token", "ws=t2"}, "t2 ", nil},
		"a blank header":        {[]string{"X-Roster-Worksection-Token", " "}, " ", nil},
		"no equals sign":        {[]string{"X-Roster-Source-Token", "canary"}, " ", access.ErrSourceToken},
		"no source":             {[]string{"X-Roster-Source-Token", "=canary"}, " ", access.ErrSourceToken},
		"no token":              {[]string{"X-Roster-Source-Token", "ws="}, " ", access.ErrSourceToken},
		"one source twice":      {[]string{"X-Roster-Source-Token", "ws=canary,ws=canary"}, " ", access.ErrSourceToken},
		"a comma too many":      {[]string{"X-Roster-Source-Token", "ws=canary,"}, " ", access.ErrSourceToken},
		"an empty header":       {[]string{"X-Roster-Source-Token", ""}, " ", access.ErrSourceToken},
		"another kind's source": {[]string{"X-Roster-Source-Token", "chat=t1"}, " ", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := make(http.Header)
			for i := 0; i < len(tc.headers); i += 2 {
				h.Add(tc.headers[i], tc.headers[i+1])
			}
			tokens, err := access.ParseSourceTokens(h.Values)
			if !errors.Is(err, tc.err) || err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("the error is %v", err)
			}
			ctx := access.WithSourceTokens(t.Context(), tokens)
			tokens = access.SourceTokensOf(ctx)
			if got := tokens.For("ws", "worksection").Reveal() + " " + tokens.For("crm", "kommo").Reveal(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
