package outage_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/internal/e2e/memnet"
	"roster/internal/sandbox"
)

// domain is where the systems are. No address may ever be seen in an answer.
const domain = ".sandbox.example"

// trusted and untrusted are certificates for the systems, one of an authority that the program knows, and one that it does not.
var trusted, untrusted *tls.Config

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "roster-outage-")
	if err != nil {
		panic(err)
	}
	var authority []byte
	trusted, authority = certificate()
	untrusted, _ = certificate()
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, authority, 0o600); err != nil {
		panic(err)
	}
	_ = os.Setenv("SSL_CERT_FILE", file) // read once, when the first certificate is checked
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// certificate makes one that vouches for itself, for longer than any clock of a test runs.
func certificate() (*tls.Config, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"*" + domain}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return config, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// system is one vendor's system and the way to it.
type system struct {
	*sandbox.Sandbox
	kind    connectors.KindName
	network *memnet.Network

	mu      sync.Mutex
	refuses bool
	strange bool // another server is there, which nobody vouches for
	open    []net.Conn
}

// world is all four systems.
type world map[connectors.KindName]*system

const people = 40

func newWorld(t *testing.T) world {
	t.Helper()
	w := make(world)
	for _, kind := range sandbox.Kinds {
		s := &system{kind: kind, network: &memnet.Network{}}
		l, err := s.network.Listen(string(kind) + domain)
		if err != nil {
			t.Fatal(err)
		}
		s.Sandbox, err = sandbox.StartOne(t.Context(), kind, sandbox.Options{People: people, Seed: 1, Listener: l, TLS: trusted})
		if err != nil {
			t.Fatal(err)
		}
		w[kind] = s
	}
	return w
}

// close ends all systems, and with them all connections.
func (w world) close() {
	for _, s := range w {
		_ = s.Close()
	}
}

// sources gives all systems as a configuration has them.
func (w world) sources() []connectors.Config {
	var all []connectors.Config
	for _, kind := range sandbox.Kinds {
		if s := w[kind]; s != nil {
			all = append(all, s.Sources()...)
		}
	}
	return all
}

// dial goes to the systems by their names.
func (w world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return w[connectors.KindName(strings.TrimSuffix(host, domain))].dial(ctx, network, host)
}

func (s *system) dial(ctx context.Context, network, host string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.refuses:
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	case s.strange:
		ours, theirs := net.Pipe()
		go func() {
			_ = tls.Server(theirs, untrusted).HandshakeContext(ctx)
			_ = theirs.Close()
		}()
		return ours, nil
	}
	c, err := s.network.Dial(ctx, network, host)
	s.open = append(s.open, c)
	return c, err
}

// lose changes the way to the system, and cuts what goes along the old one.
func (s *system) lose(refuses, strange bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuses, s.strange = refuses, strange
	for _, c := range s.open {
		_ = c.Close()
	}
	s.open = nil
}

// fail has the system fail.
func (s *system) fail(f fault) {
	switch {
	case f.refuses, f.strange:
		s.lose(f.refuses, f.strange)
	case f.inside:
		s.Fault(s.kind).Set(faults.Fault{Effect: faults.Reply(200, faults.JSON(insides[s.kind]))})
	default:
		s.Fault(s.kind).Set(faults.Fault{Effect: f.effect()})
	}
}
