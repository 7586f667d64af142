// Package seal protects stored data against damage, and with a key also against readers. A sealed value is bound to what it is about, so it cannot be
// moved elsewhere. The package does not know what the data is or where it is stored.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// KeySize is the size of an encryption key in bytes.
const KeySize = 32

const (
	sealedPlain = 'p' // then a checksum and the data
	sealedGCM   = 'g' // then the key's ID, a nonce, and the encrypted data
	checkSize   = 16
	keyIDSize   = 8
)

var errSeal = errors.New("the seal is broken")

// Sealer protects stored data. The zero value has no key.
type Sealer struct {
	aead  cipher.AEAD
	keyID []byte
	names []byte // the key for names
}

// New returns a sealer with a key of KeySize bytes, or without a key if key is empty.
func New(key []byte) (*Sealer, error) {
	if len(key) == 0 {
		return &Sealer{}, nil
	}
	if len(key) != KeySize {
		return nil, errors.New("the encryption key must have 32 bytes")
	}
	block, err := aes.NewCipher(derive(key, "encryption"))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sealer{aead: aead, keyID: derive(key, "id")[:keyIDSize], names: derive(key, "names")}, nil
}

func derive(key []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("roster " + purpose))
	return mac.Sum(nil)
}

// Encrypts reports whether there is a key.
func (s *Sealer) Encrypts() bool { return s.aead != nil }

// Name returns a name for data, derived from the data. With a key, the name reveals nothing about the data.
func (s *Sealer) Name(data []byte) string {
	if s.aead == nil {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:checkSize])
	}
	mac := hmac.New(sha256.New, s.names)
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil)[:checkSize])
}

// Seal protects data and binds it to about.
func (s *Sealer) Seal(data []byte, about string) []byte {
	if s.aead == nil {
		out := make([]byte, 0, 1+checkSize+len(data))
		return append(append(append(out, sealedPlain), check(data, about)...), data...)
	}
	out := make([]byte, 1+keyIDSize+s.aead.NonceSize(), 1+keyIDSize+s.aead.NonceSize()+len(data)+s.aead.Overhead())
	out[0] = sealedGCM
	copy(out[1:], s.keyID)
	nonce := out[1+keyIDSize:]
	_, _ = rand.Read(nonce)                             // it never fails
	return s.aead.Seal(out, nonce, data, []byte(about)) //nolint:gosec // the nonce is random
}

// Open returns data that was sealed with the same about and with this key.
func (s *Sealer) Open(sealed []byte, about string) ([]byte, error) {
	if s.aead == nil {
		if len(sealed) < 1+checkSize || sealed[0] != sealedPlain {
			return nil, errSeal
		}
		data := sealed[1+checkSize:]
		if subtle.ConstantTimeCompare(sealed[1:1+checkSize], check(data, about)) != 1 {
			return nil, errSeal
		}
		return data, nil
	}
	head := 1 + keyIDSize + s.aead.NonceSize()
	if len(sealed) < head || sealed[0] != sealedGCM || subtle.ConstantTimeCompare(sealed[1:1+keyIDSize], s.keyID) != 1 {
		return nil, errSeal
	}
	data, err := s.aead.Open(nil, sealed[1+keyIDSize:head], sealed[head:], []byte(about))
	if err != nil {
		return nil, errSeal
	}
	return data, nil
}

func check(data []byte, about string) []byte {
	hash := sha256.New()
	hash.Write(binary.AppendUvarint(nil, uint64(len(about))))
	hash.Write([]byte(about))
	hash.Write(data)
	return hash.Sum(nil)[:checkSize]
}
