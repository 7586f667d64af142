package manifest

import (
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/seal"
	"roster/internal/snapshot"
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

// clock is a clock that shows now, in microseconds, at that local time.
func clock(now int64, at time.Time) func(int64) (time.Time, bool) {
	return func(stamp int64) (time.Time, bool) {
		return at.Add(-time.Duration(max(0, now-stamp)) * time.Microsecond), stamp <= now+time.Minute.Microseconds()
	}
}

func FuzzManifest(f *testing.F) {
	all := sealers(f)
	item := snapshot.StoreKey{Key: snapshot.Key{Source: "a", Collection: connectors.Teams}, Fingerprint: "f"}
	const now = 1_700_000_000_000_000
	at := time.Unix(1_700_000_000, 0)
	for _, s := range all {
		value, err := Write(s, item, now-5, &snapshot.Meta{FetchedAt: at, Since: at, Version: "v", Complete: true, Count: 3}, []string{"p"})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(value)
	}
	f.Add([]byte("1 1 p"))
	f.Add([]byte("99999999999999999999 1 "))
	f.Fuzz(func(t *testing.T, value []byte) {
		for name, s := range all {
			if m := Read(s, item, value, clock(now, at)); m.Stamp != 0 && (m.FetchedAt.After(at) || m.Since.After(m.FetchedAt) || m.Count < 0 || m.Took < 0) {
				t.Errorf("%s: %+v", name, m)
			}
		}
		if f := ReadFailure(value); f.Err != nil && f.Err.Error() == "" {
			t.Error("an error without words")
		}
	})
}

// An earlier release says nothing of the bytes, nor of readings of changes and their state, and reads what this one writes: it passes over what it does not know.
func TestManifestOfAnEarlierRelease(t *testing.T) {
	t.Parallel()
	s, err := seal.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	item := snapshot.StoreKey{Key: snapshot.Key{Source: "a", Collection: connectors.Teams}, Fingerprint: "f"}
	head := headOf(5, true)
	value := append([]byte(head), s.Seal([]byte(`{"since":0,"version":"v","took":0,"count":3,"parts":["p"]}`), head+Name(item))...)
	if m := Read(s, item, value, clock(10, time.Now())); m.Version != "v" || m.Count != 3 || m.Bytes != 0 || m.State != "" || !m.Full.Equal(m.Since) {
		t.Errorf("it is read as %+v", m)
	}
	value, err = Write(s, item, 5, &snapshot.Meta{Version: "v", Complete: true, Count: 3, Bytes: 70, State: "s"}, []string{"p"})
	if err != nil {
		t.Fatal(err)
	}
	if m := Read(s, item, value, clock(10, time.Now())); m.Bytes != 70 || m.State != "s" {
		t.Errorf("what was written of %d bytes and a state is read as %+v", 70, m)
	}
}
