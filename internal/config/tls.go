package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

const noCertificate = "contains no certificate in PEM format"

// tls checks the files of the server's certificate.
func (d *decoder) tls(f *tlsFile, read func(string) ([]byte, error)) {
	const certFile, keyFile, caFile = "tls.cert_file", "tls.key_file", "tls.client_ca_file"
	file := func(name, path string) (text string, ok bool) {
		if d.faulty(path) {
			return "", false
		}
		return d.fileText(name, path, read)
	}
	cert, okCert := file(f.CertFile, certFile)
	key, okKey := file(f.KeyFile, keyFile)
	if okCert && okKey {
		d.pair(cert, key, "tls")
	}
	if f.ClientCAFile == "" {
		return
	}
	if text, ok := file(f.ClientCAFile, caFile); ok && !x509.NewCertPool().AppendCertsFromPEM([]byte(text)) {
		d.fault(caFile, noCertificate)
	}
}

// pair returns the certificate of the files cert_file and key_file of the mapping at the path. A fault names the file that is wrong.
func (d *decoder) pair(cert, key, path string) tls.Certificate {
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	switch {
	case err == nil:
	case !x509.NewCertPool().AppendCertsFromPEM([]byte(cert)):
		d.fault(path+".cert_file", noCertificate)
	case !hasPrivateKey([]byte(key)):
		d.fault(path+".key_file", "contains no private key in PEM format, or an encrypted one")
	default:
		d.fault(path+".key_file", "is not the private key of the certificate in cert_file")
	}
	return pair
}

// hasPrivateKey reports whether a PEM file has a private key that is not encrypted.
func hasPrivateKey(text []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") && !strings.HasPrefix(block.Type, "ENCRYPTED") && block.Headers["DEK-Info"] == "" {
			return true
		}
	}
	return false
}
