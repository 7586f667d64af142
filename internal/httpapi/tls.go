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

// TLS are the files of the server's certificate, and the requirement for clients' certificates.
type TLS struct {
	// CertFile has the certificate and its intermediates, KeyFile its key, both in PEM.
	CertFile, KeyFile string
	// ClientCAFile has the authorities that sign clients' certificates. If it is empty, clients need none.
	ClientCAFile string
}

// checkInterval is the shortest time between two checks of the files. They are checked when a client connects.
const checkInterval = 5 * time.Second

// Open reads the files, and returns a configuration that reloads them when they change. If the new files cannot be used, it logs that, and keeps the old
// certificate. Errors name a file, but show none of its content.
func (t TLS) Open(log *slog.Logger) (*tls.Config, error) {
	r := &reloadedConfig{files: t, log: log, every: checkInterval}
	if err := r.load(); err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return r.get(), nil },
	}, nil
}

// reloadedConfig is a TLS configuration that is replaced when its files change.
type reloadedConfig struct {
	files TLS
	log   *slog.Logger
	every time.Duration

	mu      sync.Mutex
	current *tls.Config
	checked time.Time
	stamps  [3]stamp // of the files when they were last loaded
}

// stamp shows whether a file has changed.
type stamp struct {
	modified time.Time
	size     int64
}

// get returns the current configuration.
func (r *reloadedConfig) get() *tls.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.checked) < r.every || r.files.stamps() == r.stamps {
		return r.current
	}
	if err := r.load(); err != nil {
		r.log.Error("the new certificate is not used; the previous one stays in use", slog.String("reason", err.Error()))
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

func (r *reloadedConfig) load() error {
	r.checked, r.stamps = time.Now(), r.files.stamps()
	pair, err := tls.LoadX509KeyPair(r.files.CertFile, r.files.KeyFile)
	if err != nil {
		return fmt.Errorf("tls: %s and %s are not a certificate and its private key in PEM format", r.files.CertFile, r.files.KeyFile)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{pair}}
	if name := r.files.ClientCAFile; name != "" {
		pem, err := os.ReadFile(name) //nolint:gosec // the path is from the configuration
		c.ClientCAs, c.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		if err != nil || !c.ClientCAs.AppendCertsFromPEM(pem) {
			return errors.New("tls: " + name + " contains no certificate in PEM format")
		}
	}
	r.current = c
	return nil
}
