package httpapi

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// TLS says what the server shows to clients, and what it asks of them.
type TLS struct {
	// CertFile holds the certificate and those between it and the authority, KeyFile its key; both in PEM.
	CertFile, KeyFile string
	// ClientCAFile holds the authorities one of which must have signed a client's certificate; empty where clients need none.
	ClientCAFile string
}

// lookEvery is how often the files are looked at, at most: it happens when somebody connects.
const lookEvery = 5 * time.Second

// Open reads the files, and gives a configuration that reads them again when they have changed. What then cannot be used is told to the log, and
// what was there goes on being used. The error names a file and no part of its content.
func (t TLS) Open(log *slog.Logger) (*tls.Config, error) {
	r := &rotation{files: t, log: log, every: lookEvery}
	if err := r.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return r.get(), nil },
	}, nil
}

// rotation is a certificate that may be replaced while it is in use.
type rotation struct {
	files TLS
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex
	current *tls.Config
	looked  time.Time
	stamps  [3]stamp // of the files as they were last tried
}

// stamp is what shows that a file has changed.
type stamp struct {
	modified time.Time
	size     int64
}

// get gives what a client is shown.
func (r *rotation) get() *tls.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) < r.every || r.files.stamps() == r.stamps {
		return r.current
	}
	if err := r.load(); err != nil {
		r.log.Error("the new certificate is not used, the one before goes on", slog.String("reason", err.Error()))
	} else {
		r.log.Info("the certificate has been replaced")
	}
	return r.current
}

func (t TLS) stamps() (all [3]stamp) {
	for i, name := range [...]string{t.CertFile, t.KeyFile, t.ClientCAFile} {
		if info, err := os.Stat(name); err == nil {
			all[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return all
}

func (r *rotation) load() error {
	r.looked, r.stamps = time.Now(), r.files.stamps()
	pair, err := tls.LoadX509KeyPair(r.files.CertFile, r.files.KeyFile)
	if err != nil {
		return fmt.Errorf("tls: %s and %s are no certificate and its key in PEM", r.files.CertFile, r.files.KeyFile)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{pair}}
	if name := r.files.ClientCAFile; name != "" {
		pem, err := os.ReadFile(name) //nolint:gosec // the operator names it
		c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if err != nil || !c.ClientCAs.AppendCertsFromPEM(pem) {
			return errors.New("tls: " + name + " holds no certificate in PEM")
		}
	}
	r.current = c
	return nil
}
