package redis

import (
	"strings"
	"testing"
	"time"
	"unsafe"

	"roster/connectors"
	"roster/internal/snapshot"
)

func sealers(t testing.TB) map[string]*sealer {
	t.Helper()
	all := map[string]*sealer{}
	for name, key := range map[string]string{"checksum": "", "one key": strings.Repeat("1", KeySize), "another key": strings.Repeat("2", KeySize)} {
		s, err := newSealer([]byte(key))
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
		sealed := s.seal([]byte("data"), "this")
		if got, err := s.open(sealed, "this"); err != nil || string(got) != "data" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		if _, err := s.open(sealed, "that"); err == nil {
			t.Errorf("%s: opened as something else", name)
		}
		for other, o := range all {
			if _, err := o.open(sealed, "this"); other != name && err == nil {
				t.Errorf("%s: opened by %s", name, other)
			}
		}
		for i := range sealed {
			broken := append([]byte{}, sealed...)
			broken[i] ^= 0x10
			if _, err := s.open(broken, "this"); err == nil {
				t.Errorf("%s: byte %d was changed, and nobody saw it", name, i)
			}
			if _, err := s.open(sealed[:i], "this"); err == nil {
				t.Errorf("%s: opened when cut off at %d", name, i)
			}
		}
	}
}

func FuzzManifest(f *testing.F) {
	all := sealers(f)
	item := snapshot.Item{Key: snapshot.Key{Source: "a", Collection: connectors.Teams}, Fingerprint: "f"}
	const now = 1_700_000_000_000_000
	at := time.Unix(1_700_000_000, 0)
	for _, s := range all {
		value, err := s.writeManifest(item, now-5, &snapshot.Meta{ReadAt: at, Since: at, Version: "v", Complete: true, Count: 3}, []string{"p"})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Add([]byte("1 1 p"))
	f.Add([]byte("99999999999999999999 1 "))
	f.Fuzz(func(t *testing.T, value []byte) {
		for name, s := range all {
			if m := s.readManifest(item, value, now, at); m.Stamp != 0 && (m.ReadAt.After(at) || m.Since.After(m.ReadAt) || m.Count < 0 || m.Took < 0) {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if f := readFailure(value); f.Err != nil && f.Err.Error() == "" {
			t.Error("an error without words")
		}
	})
}

// An earlier release says nothing of the bytes, nor of readings of changes, and reads what this one writes: it passes over what it does not know.
func TestManifestOfAnEarlierRelease(t *testing.T) {
	t.Parallel()
	s, err := newSealer(nil)
	if err != nil {
		t.Fatal(err)
	}
	item := snapshot.Item{Key: snapshot.Key{Source: "a", Collection: connectors.Teams}, Fingerprint: "f"}
	head := manifestHead(5, true)
	value := append([]byte(head), s.seal([]byte(`{"since":0,"version":"v","took":0,"count":3,"parts":["p"]}`), head+itemName(item))...)
	if m := s.readManifest(item, value, 10, time.Now()); m.Version != "v" || m.Count != 3 || m.Bytes != 0 || !m.Full.Equal(m.Since) {
		t.Errorf("it is read as %+v", m)
	}
	value, err = s.writeManifest(item, 5, &snapshot.Meta{Version: "v", Complete: true, Count: 3, Bytes: 70}, []string{"p"})
	if err != nil {
		t.Fatal(err)
	}
	if m := s.readManifest(item, value, 10, time.Now()); m.Bytes != 70 {
		t.Errorf("what was written of %d bytes is read as %+v", 70, m)
	}
}

// A clock that is set back between a reading and its being offered must not make the data look younger.
func TestAgeGoesByTheClockThatSaysMore(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, tt := range map[string]struct {
		wall, monotonic, want time.Duration // how long ago
	}{
		"both clocks agree":       {time.Minute, time.Minute, time.Minute},
		"the wall's was set back": {-time.Hour, time.Minute, time.Minute},
		"the machine has slept":   {time.Hour, time.Minute, time.Hour},
		"a reading in the future": {-time.Hour, -time.Minute, 0},
	} {
		then := now.Add(-tt.wall)
		// A time holds two readings of the clock, and only these bits can tell them apart.
		(*struct {
			wall uint64
			ext  int64
		})(unsafe.Pointer(&then)).ext -= int64(tt.monotonic - tt.wall)
		if got := age(now, then); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
