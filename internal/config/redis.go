package config

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"time"

	"roster/connectors"
)

// Redis is the Redis that replicas share.
type Redis struct {
	// Either URL (a single server) or Addrs is set: nodes of a Cluster, or with MasterName Sentinels.
	URL              string
	Addrs            []string
	MasterName       string
	Username         string
	Password         connectors.Secret
	SentinelUsername string
	SentinelPassword connectors.Secret
	// TLS is nil if the file does not set it.
	TLS    *tls.Config
	Prefix string
	// EncryptionKey has 32 bytes, or is empty. It is a Secret, so that it is never printed.
	EncryptionKey connectors.Secret
	// PoolSize is 0 for the default of the client.
	PoolSize                               int
	DialTimeout, ReadTimeout, WriteTimeout time.Duration
}

// Equal reports whether all settings and certificates are the same. Nil is no Redis.
func (r *Redis) Equal(o *Redis) bool {
	if r == nil || o == nil {
		return r == o
	}
	a, b := *r, *o
	a.TLS, b.TLS = nil, nil // contains functions, which cannot be compared
	return reflect.DeepEqual(a, b) && sameTLS(r.TLS, o.TLS)
}

func sameTLS(a, b *tls.Config) bool {
	if a == nil || b == nil {
		return a == b
	}
	certificates := func(c *tls.Config) (all [][][]byte) {
		for _, cert := range c.Certificates {
			all = append(all, cert.Certificate)
		}
		return all
	}
	return a.ServerName == b.ServerName && a.RootCAs.Equal(b.RootCAs) && reflect.DeepEqual(certificates(a), certificates(b))
}

// keySize is how many bytes an encryption key has.
const keySize = 32

var (
	databaseForm = regexp.MustCompile(`^(/([0-9]{1,4})?)?$`)
	// A brace would choose the slot of the keys in a Cluster.
	prefixForm = regexp.MustCompile(`^[!-z|~]{1,64}$`)
)

func (d *decoder) redis(f *redisFile) *Redis {
	if f == nil {
		return nil
	}
	const path = "redis"
	switch {
	case d.faulty(path) && f.Prefix == "": // not a mapping: one fault is enough
		return &Redis{}
	case d.faulty(path):
	case f.URL == "" && len(f.Addrs) == 0:
		d.fault(path, "needs url, or addrs")
	case f.URL != "" && len(f.Addrs) > 0:
		d.fault(path, "has both url and addrs: which of them is meant?")
	}
	if f.URL != "" && !d.faulty(path+".url") {
		d.redisURL(f.URL, path+".url")
	}
	for i, addr := range f.Addrs {
		sub := fmt.Sprintf("%s.addrs[%d]", path, i)
		if host, port, err := net.SplitHostPort(addr); !d.faulty(sub) && (err != nil || host == "" || port == "") {
			d.fault(sub, "must be host:port, such as redis-1.example.com:6379")
		}
	}
	if f.MasterName != "" && len(f.Addrs) == 0 {
		d.fault(path+".master_name", "needs addrs: those of the Sentinels")
	}
	if f.MasterName == "" && f.SentinelUsername != "" {
		d.fault(path+".sentinel_username", "needs master_name")
	}
	if f.MasterName == "" && f.SentinelPassword != "" {
		d.fault(path+".sentinel_password", "needs master_name")
	}
	if !d.faulty(path+".prefix") && !prefixForm.MatchString(f.Prefix) {
		d.fault(path+".prefix", "must be at most 64 characters, without spaces and braces")
	}
	return &Redis{
		URL: f.URL, Addrs: f.Addrs, MasterName: f.MasterName, Username: f.Username, Password: f.Password,
		SentinelUsername: f.SentinelUsername, SentinelPassword: f.SentinelPassword, TLS: d.redisTLS(f.TLS, path+".tls"), Prefix: f.Prefix,
		EncryptionKey: d.encryptionKey(f.EncryptionKey, path+".encryption_key"), PoolSize: f.PoolSize,
		DialTimeout: f.DialTimeout, ReadTimeout: f.ReadTimeout, WriteTimeout: f.WriteTimeout,
	}
}

func (d *decoder) redisURL(raw, path string) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "redis" && u.Scheme != "rediss"):
		d.fault(path, "must be a full URL, such as redis://127.0.0.1:6379/0")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		d.fault(path, "must not contain a user, ? or #: credentials have settings of their own")
	case !databaseForm.MatchString(u.Path):
		d.fault(path, "the path must be the number of a database, such as /0")
	}
}

func (d *decoder) redisTLS(f *redisTLSFile, path string) *tls.Config {
	if f == nil {
		return nil
	}
	c := &tls.Config{ServerName: f.ServerName, MinVersion: tls.VersionTLS12}
	if f.CAFile != "" {
		if pem, ok := d.secretFile(f.CAFile, path+".ca_file"); ok {
			c.RootCAs = x509.NewCertPool()
			if !c.RootCAs.AppendCertsFromPEM([]byte(pem)) {
				d.fault(path+".ca_file", noCertificate)
			}
		}
	}
	switch {
	case f.CertFile == "" && f.KeyFile == "":
	case f.KeyFile == "":
		d.fault(path+".cert_file", "needs key_file")
	case f.CertFile == "":
		d.fault(path+".key_file", "needs cert_file")
	default:
		cert, ok := d.secretFile(f.CertFile, path+".cert_file")
		key, okKey := d.secretFile(f.KeyFile, path+".key_file")
		d.secretFiles = append(d.secretFiles, SecretFile{path + ".key_file", f.KeyFile})
		if !ok || !okKey {
			break
		}
		c.Certificates = []tls.Certificate{d.pair(cert, key, path)}
	}
	return c
}

// encryptionKey returns the key's bytes.
func (d *decoder) encryptionKey(text connectors.Secret, path string) connectors.Secret {
	if text == "" || d.faulty(path) {
		return ""
	}
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString} {
		if key, err := decode(text.Reveal()); err == nil && len(key) == keySize {
			return connectors.Secret(key)
		}
	}
	d.fault(path, "must be 32 bytes in hexadecimal digits or base64: openssl rand -hex 32 gives some")
	return ""
}
