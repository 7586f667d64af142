package heap

import (
	"testing"

	"pgregory.net/rapid"
)

// The heap never grows by more than half of what is in use and the headroom, and by not much less.
func TestHeapGrowsByPercentAndHeadroom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		live := rapid.Uint64Range(4<<20, 64<<30).Draw(t, "live")
		grows, want := float64(live)*float64(percentFor(live))/100, float64(live)*percent/100+headroom
		if grows > want || grows < want-float64(live)/100 {
			t.Errorf("%d bytes may grow by %.0f, want %.0f", live, grows, want)
		}
	})
	if got := percentFor(0); got != percent+1600 {
		t.Errorf("an empty heap has %d percent", got)
	}
}
