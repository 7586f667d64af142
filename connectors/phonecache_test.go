package connectors

import (
	"fmt"
	"testing"
	"time"
)

// A number is read once for each region, as long as fetches have it. What none has any more is forgotten.
func TestKnownPhones(t *testing.T) {
	t.Parallel()
	const most = 100
	c := phoneCache{most: most}
	start := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	for name, want := range map[phoneText]string{
		{"044 123 45 67", "UA"}: "+380441234567", {"044 123 45 67", "ZZ"}: "", {"030 12345678", "DE"}: "+493012345678", {"extension 12", "UA"}: "",
	} {
		for range 2 {
			if got := c.forms(name.raw, name.region, start); got != (phoneForms{name.raw, want}) {
				t.Errorf("%s: %+v, want %s", name, got, want)
			}
		}
	}
	used := phoneText{"044 123 45 67", "UA"}
	for i := range 3 {
		c.forms(used.raw, used.region, start.Add(time.Duration(i+1)*phonesFor))
	}
	if len(c.now)+len(c.before) != 2 || c.now[used].e164 == "" || c.before[used].e164 == "" {
		t.Errorf("after hours: %v, %v", c.now, c.before)
	}
	for i := range 3 * most {
		c.now[phoneText{fmt.Sprint(i), "UA"}] = phoneForms{}
		c.find(used, start.Add(4*phonesFor))
	}
	if n := len(c.now) + len(c.before); n > 2*most {
		t.Errorf("%d numbers are remembered", n)
	}
}
