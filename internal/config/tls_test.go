package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
)

// Of a certificate and a key that do not belong together, the fault names the file that is wrong.
func TestPair(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	_, foreign := certificate(t)
	encrypted := string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}))
	for name, tc := range map[string]struct{ cert, key, want string }{
		"a pair":              {cert, key, ""},
		"both in one file":    {cert + key, cert + key, ""},
		"exchanged":           {key, cert, "tls.cert_file: contains no certificate in PEM format"},
		"a certificate twice": {cert, cert, "tls.key_file: contains no private key in PEM format, or an encrypted one"},
		"an encrypted key":    {cert, encrypted, "tls.key_file: contains no private key in PEM format, or an encrypted one"},
		"another key":         {cert, foreign, "tls.key_file: is not the private key of the certificate in cert_file"},
	} {
		d := newDecoder(nil, nil)
		d.pair(tc.cert, tc.key, "tls")
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		var got []string
		for _, f := range d.faults {
			got = append(got, f.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the faults are %q, want %q", name, got, want)
		}
	}
}

// certificate returns a certificate and its private key in PEM format.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
