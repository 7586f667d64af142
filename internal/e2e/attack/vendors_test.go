//go:build linux

package attack_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"roster/internal/sandbox"
)

// vendors are the four systems of the invented company, behind a proxy that may answer in their place.
type vendors struct {
	*sandbox.Sandbox
	address string // host:port of the proxy
	turn    sync.Mutex
	spoilt  atomic.Pointer[spoilt]
}

// spoilt is what is answered in a vendor's place, to requests whose path and query hold part.
type spoilt struct {
	part   string
	answer http.HandlerFunc
}

func newVendors(t *testing.T) *vendors {
	t.Helper()
	systems, err := sandbox.Start(t.Context(), sandbox.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := systems.Close(); err != nil {
			t.Error(err)
		}
	})
	v := &vendors{Sandbox: systems}
	healthy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: systems.Addr()})
	healthy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) } // a connection that is cut stays one
	healthy.ErrorLog = log.New(io.Discard, "", 0)                                                          // as here
	transport := &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}
	healthy.Transport = transport
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s := v.spoilt.Load(); s != nil && strings.Contains(r.URL.Path+"?"+r.URL.RawQuery, s.part) {
			s.answer(w, r)
			return
		}
		healthy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		front.Close()
		transport.CloseIdleConnections()
	})
	v.address = strings.TrimPrefix(front.URL, "http://")
	return v
}
