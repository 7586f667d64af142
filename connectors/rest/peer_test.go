package rest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"roster/connectors"
)

// ends remembers how calls ended.
type ends []connectors.CallEnd

func (e *ends) Begin(ctx context.Context, _ connectors.Call) (context.Context, connectors.Observed) {
	return ctx, connectors.Observed{Done: func(end connectors.CallEnd) { *e = append(*e, end) }}
}

// TestPeer: what an answer tells of the other side reaches the observer, also where it is a refusal.
func TestPeer(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 11, 8, 15, 42, 0, time.UTC)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", at.Format(http.TimeFormat))
		if r.URL.Query().Has("no") {
			w.Header().Set("Date", "yesterday")
			w.WriteHeader(http.StatusForbidden)
		}
	})
	secure := httptest.NewTLSServer(handler)
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	for name, tc := range map[string]struct {
		server *httptest.Server
		query  string
		date   time.Time
		cert   time.Time
	}{
		"over TLS":                  {secure, "", at, secure.Certificate().NotAfter},
		"without":                   {plain, "", at, time.Time{}},
		"a refusal, without a date": {secure, "no", time.Time{}, secure.Certificate().NotAfter},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got ends
			c, err := New(Options{Source: "a", Base: tc.server.URL, Transport: tc.server.Client().Transport, Runtime: connectors.Runtime{Observer: &got},
				Judge: func(r *Response) *connectors.Error {
					if r.Status != http.StatusOK {
						return r.Fail(StatusKind(r.Status), "")
					}
					return nil
				}})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Do(t.Context(), Request{Op: "x", Path: "x", Query: tc.query})
			if len(got) != 1 || !got[0].Date.Equal(tc.date) || !got[0].CertExpires.Equal(tc.cert) {
				t.Errorf("the observer was told %+v, want the date %v and the certificate's end %v", got, tc.date, tc.cert)
			}
		})
	}
}
