package altcraft_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/altcraft"
)

// TestTotalCountAgainstTheRows: a count that is not that of the rows says that something is wrong, whichever is larger.
func TestTotalCountAgainstTheRows(t *testing.T) {
	t.Parallel()
	const two, twice = `[{"username":"a"},{"username":"b"}]`, `[{"username":"a"},{"username":"a"}]`
	for name, tc := range map[string]struct {
		data, count string
		records     int
		complete    bool
	}{
		"right":                           {two, "2", 2, true},
		"0 beside rows":                   {two, "0", 2, false},
		"below the rows":                  {two, "1", 2, false},
		"above the rows":                  {two, "3", 2, false},
		"negative":                        {two, "-1", 2, false},
		"beyond Int":                      {two, "4611686018427387904", 2, false},
		"not told":                        {two, "null", 2, true},
		"0 and none":                      {"[]", "0", 0, true},
		"some and none":                   {"[]", "2", 0, false},
		"one of them twice":               {twice, "2", 1, false},
		"one of them twice, counted once": {twice, "1", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"data":` + tc.data + `,"error":0,"error_text":"","total_count":` + tc.count + `}`))
			}))
			t.Cleanup(server.Close)
			source, err := altcraft.Open(connectors.Config{Name: "altcraft", Kind: altcraft.Name, URL: server.URL, Settings: &altcraft.Settings{Token: adminToken, AccountID: 9}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := source.Accounts.List(t.Context(), nil)
			if err != nil || len(got.Records) != tc.records || got.Complete != tc.complete {
				t.Errorf("%d records, complete %v, %v; want %d, %v", len(got.Records), got.Complete, err, tc.records, tc.complete)
			}
			var odd []connectors.Anomaly
			if name == "negative" || name == "beyond Int" {
				odd = []connectors.Anomaly{{Field: "total_count", Count: 1, Example: "number"}}
			}
			if diff := cmp.Diff(odd, got.Anomalies); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s", diff)
			}
			findings, err := source.Prober.Probe(t.Context())
			if err != nil || findings[0].OK != tc.complete || findings[0].OK != (findings[0].Note == "") {
				t.Errorf("the probe finds %+v, %v", findings[0], err)
			}
		})
	}
}
