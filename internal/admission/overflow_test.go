package admission_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/admission"
)

// manyAddresses returns the caller at one of many addresses.
func manyAddresses(i int) admission.Caller {
	var address [16]byte
	binary.BigEndian.PutUint64(address[:], 0x2001_0db8<<32|uint64(i)) // a /64 each
	return admission.At(netip.AddrFrom16(address))
}

// Callers from more addresses than are tracked share their requests with each other, and not with a caller who has a key.
func TestManyAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Limits{Requests: 2, Per: time.Minute})
		refused := 0
		for i := range 100_100 {
			if _, ok := l.Count(manyAddresses(i)); !ok {
				refused++
			}
		}
		if refused != 98 {
			t.Errorf("%d of the 100 callers who are not tracked are refused, want all but two", refused)
		}
		for range 2 {
			if _, ok := l.Count(admission.Caller{Name: "router"}); !ok {
				t.Error("a caller with a key is refused because of addresses")
			}
		}
		if _, ok := l.Count(admission.Caller{Name: "router"}); ok {
			t.Error("a caller with a key is not counted")
		}
	})
}
