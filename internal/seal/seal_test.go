package seal_test

import (
	"strings"
	"testing"

	"roster/internal/seal"
)

func sealers(t testing.TB) map[string]*seal.Sealer {
	t.Helper()
	all := map[string]*seal.Sealer{}
	for name, key := range map[string]string{"checksum": "", "one key": strings.Repeat("1", seal.KeySize), "another key": strings.Repeat("2", seal.KeySize)} {
		s, err := seal.New([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = s
	}
	return all
}

func TestSealIsOpenedOnlyAsWhatItIs(t *testing.T) {
	t.Parallel()
	all := sealers(t)
	for name, s := range all {
		sealed := s.Seal([]byte("data"), "this")
		if got, err := s.Open(sealed, "this"); err != nil || string(got) != "data" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if _, err := s.Open(sealed, "that"); err == nil {
			t.Errorf("%s: opened as something else", name)
		}
		for other, o := range all {
			if _, err := o.Open(sealed, "this"); other != name && err == nil {
				t.Errorf("%s: opened by %s", name, other)
			}
		}
		for i := range sealed {
			broken := append([]byte{}, sealed...)
			broken[i] ^= 0x10
			if _, err := s.Open(broken, "this"); err == nil {
				t.Errorf("%s: byte %d was changed, and nobody saw it", name, i)
			}
			if _, err := s.Open(sealed[:i], "this"); err == nil {
				t.Errorf("%s: opened when cut off at %d", name, i)
			}
		}
	}
}
