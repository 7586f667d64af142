package httpapi

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for tests.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t}
	a.cert = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.key, a.pem = a.sign(a.cert)
	return a
}

func (a *authority) sign(template *x509.Certificate) (*ecdsa.PrivateKey, []byte) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	parent, signer := a.cert, a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// issue returns a certificate for this machine, and its key.
func (a *authority) issue(serial int64) (cert, key []byte) {
	a.t.Helper()
	secret, cert := a.sign(&x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}})
	der, err := x509.MarshalECPrivateKey(secret)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
}

func put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	files := TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), ClientCAFile: filepath.Join(dir, "ca.pem")}
	cert, key := a.issue(7)
	put(t, files.CertFile, cert)
	put(t, files.KeyFile, key)
	put(t, files.ClientCAFile, a.pem)
	config, err := files.Open(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header(w, r, asJSON)
		fmt.Fprint(w, r.Proto)
	})
	server := Server{Handler: handler, Limits: DefaultLimits(), TLS: config, Logger: slog.New(slog.DiscardHandler)}
	go func() { served <- server.Serve(ctx, l) }()
	ask := func(certificates ...tls.Certificate) (string, error) {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(a.pem)
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}}}
		defer client.CloseIdleConnections()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+l.Addr().String(), nil)
		if err != nil {
			return "", err
		}
		resp, err := client.Do(r)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		var b bytes.Buffer
		_, err = b.ReadFrom(resp.Body)
		return fmt.Sprint(b.String(), " ", resp.TLS.PeerCertificates[0].SerialNumber, " ", resp.Header.Get("Strict-Transport-Security")), err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ask(pair); err != nil || got != "HTTP/2.0 7 max-age=31536000" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := ask(); err == nil {
		t.Errorf("a client without a certificate gets %q", got)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// A replaced certificate is used for new connections, unless it is invalid.
func TestCertificateReload(t *testing.T) {
	t.Parallel()
	a, dir := newAuthority(t), t.TempDir()
	files := TLS{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	write := func(serial int64) {
		cert, key := a.issue(serial)
		put(t, files.CertFile, cert)
		put(t, files.KeyFile, key)
		at := time.Unix(serial, 0) // the clock of a file system may be coarse
		for _, name := range []string{files.CertFile, files.KeyFile} {
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	var log bytes.Buffer
	r := &reloadedConfig{files: files, log: slog.New(slog.NewTextHandler(&log, nil))}
	shows := func(want int64) {
		t.Helper()
		leaf, err := x509.ParseCertificate(r.get().Certificates[0].Certificate[0])
		if err != nil || leaf.SerialNumber.Int64() != want {
			t.Errorf("shows %v, %v; want %d", leaf.SerialNumber, err, want)
		}
	}
	if r.load() == nil {
		t.Error("files that are not there are used")
	}
	write(1)
	if err := r.load(); err != nil {
		t.Fatal(err)
	}
	shows(1)
	was := r.get()
	if r.get() != was {
		t.Error("what has not changed is made anew: sessions could not be resumed")
	}
	write(2)
	shows(2)
	put(t, files.KeyFile, []byte("secret"))
	shows(2)
	shows(2)
	if n := strings.Count(log.String(), "not used"); n != 1 || strings.Contains(log.String(), "secret") {
		t.Errorf("the log tells %d times of it, or what is in the file:\n%s", n, log.String())
	}
	write(3)
	shows(3)
	r.every = time.Hour
	write(4)
	shows(3) // nobody has looked yet
}
