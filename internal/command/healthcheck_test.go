package command

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A server that requires certificates of clients answers the health check that has one.
func TestHealthcheckWithCertificate(t *testing.T) {
	t.Parallel()
	certFile, keyFile := clientCertificate(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ready\n") //nolint:errcheck // the client reports it
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	for name, tc := range map[string]struct {
		flags      []string
		wrong, out string
	}{
		"with one":            {[]string{"--cert-file", certFile, "--key-file", keyFile}, "", "ready\n"},
		"without":             {nil, "certificate required", ""},
		"without a key":       {[]string{"--cert-file", certFile}, "cert-file key-file", ""},
		"of another file":     {[]string{"--cert-file", certFile, "--key-file", certFile}, "--cert-file and --key-file must be files", ""},
		"that cannot be read": {[]string{"--cert-file", filepath.Dir(certFile), "--key-file", keyFile}, "--cert-file and --key-file must be files", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			err := Run(t.Context(), append([]string{"healthcheck", "--url", s.URL, "--timeout", "1m"}, tc.flags...), &stdout, &stderr)
			if (err == nil) != (tc.wrong == "") || err != nil && !strings.Contains(err.Error(), tc.wrong) || stdout.String() != tc.out {
				t.Errorf("error %v, output %q", err, &stdout)
			}
		})
	}
}

// clientCertificate returns the files of a certificate that signs itself.
func clientCertificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}
