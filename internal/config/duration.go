package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

var (
	durationForm = regexp.MustCompile(`^(\d{1,9}(ms|s|m|h|d))+$`)
	durationPart = regexp.MustCompile(`(\d+)(ms|s|m|h|d)`)
	units        = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": day}
)

// longest is more than any setting allows, and prevents an overflow of the sum.
const longest = 100 * 365 * day

// parseDuration parses whole numbers of days, hours, minutes, seconds and milliseconds, such as 7d or 1h30m. time.ParseDuration has no days, and
// allows fractions and signs.
func parseDuration(s string) (time.Duration, bool) {
	if !durationForm.MatchString(s) {
		return 0, false
	}
	var sum time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil || n > int64(longest/units[part[2]]) {
			return 0, false
		}
		if sum += time.Duration(n) * units[part[2]]; sum > longest {
			return 0, false
		}
	}
	return sum, true
}

// formatDuration returns the shortest text that parseDuration accepts.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []string{"d", "h", "m", "s", "ms"} {
		if n := d / units[unit]; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit)
			d -= n * units[unit]
		}
	}
	return b.String()
}
