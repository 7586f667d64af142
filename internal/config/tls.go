package config

import (
	"crypto/tls"
	"crypto/x509"
)

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
		if _, err := tls.X509KeyPair([]byte(cert), []byte(key)); err != nil {
			d.fault(certFile, "is no certificate in PEM that belongs to key_file")
		}
	}
	if f.ClientCAFile == "" {
		return
	}
	if pem, ok := file(f.ClientCAFile, caFile); ok && !x509.NewCertPool().AppendCertsFromPEM([]byte(pem)) {
		d.fault(caFile, "holds no certificate in PEM")
	}
}
