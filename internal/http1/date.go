package http1

import (
	"net/http"
	"sync/atomic"
	"time"
)

// dates formats the header field Date, once for each second.
type dates struct{ last atomic.Pointer[date] }

type date struct {
	second int64
	text   string
}

// at returns the value for a time.
func (d *dates) at(now time.Time) string {
	second := now.Unix()
	last := d.last.Load()
	if last == nil || last.second != second {
		last = &date{second, now.UTC().Format(http.TimeFormat)}
		d.last.Store(last)
	}
	return last.text
}
