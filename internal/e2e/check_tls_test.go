package e2e_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/sandbox"
)

// certified gives a certificate for this machine that is good until then, and itself in PEM.
func certified(t *testing.T, until time.Time) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: until, IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{siteName}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// front puts TLS and a clock of its own before a source.
func front(t *testing.T, source string, cert tls.Certificate, skew time.Duration) (address string) {
	t.Helper()
	target, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetXForwarded()
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
			return nil
		},
	}
	server := httptest.NewUnstartedServer(proxy)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL + target.Path
}

// check tells of each source's clock and certificate, and warns of those that will be trouble.
func TestCheckTellsClockAndCertificate(t *testing.T) {
	t.Parallel()
	systems := company(t, 60)
	short, shortPEM := certified(t, time.Now().Add(9*24*time.Hour+time.Hour))
	long, longPEM := certified(t, time.Now().Add(90*24*time.Hour+time.Hour))
	var sources []map[string]any
	for _, of := range []struct {
		kind connectors.KindName
		cert tls.Certificate
		skew time.Duration
	}{{sandbox.Kommo, short, 0}, {sandbox.Altcraft, long, -5 * time.Minute}} {
		s := sourceSettings(systems[of.kind].Sources()[0])
		address, ok := s["url"].(string)
		if !ok {
			t.Fatalf("url is %v", s["url"])
		}
		s["url"] = front(t, address, of.cert, of.skew)
		sources = append(sources, s)
	}
	trusted := filepath.Join(t.TempDir(), "authorities.pem")
	if err := os.WriteFile(trusted, bytes.Join([][]byte{shortPEM, longPEM}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "check", "--config", configFile(t, settingsOf(sources...)))
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+trusted)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	kommo, altcraft, _ := strings.Cut(string(out), "\naltcraft\n")
	for _, line := range []string{"✗ TLS certificate good until ", ", 9 days: ", "✓ its clock agrees with ours"} {
		if !strings.Contains(kommo, line) {
			t.Errorf("of kommo, nothing is said like %q", line)
		}
	}
	if !regexp.MustCompile(`✗ its clock is (5m\ds|4m5\ds) behind ours: `).MatchString(altcraft) { // dates are in whole seconds
		t.Error("of altcraft, nothing is said of its clock")
	}
	for _, line := range []string{"✓ TLS certificate good until ", ", 90 days\n"} {
		if !strings.Contains(altcraft, line) {
			t.Errorf("of altcraft, nothing is said like %q", line)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
