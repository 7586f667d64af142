//go:build linux

package attack_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
	"unicode/utf8"
)

// bounds are what an attack may have the program use, and get out of it. They hold on any machine: each is at least three times what was measured.
type bounds struct {
	time   time.Duration // of processors
	memory int           // MiB, at the worst moment
	out    int           // kB
}

// used is what an attack has had the program use.
type used bounds

func (u used) String() string {
	return fmt.Sprintf("%5.2f CPU s, %4d MiB, %6d kB out", u.time.Seconds(), u.memory, u.out)
}

// measured runs an attack on a program, and says what that used. Whatever is answered must be in order.
func (p *target) measured(t *testing.T, attack func() answer) (got answer, u used) {
	t.Helper()
	p.forgetPeak(t)
	before := p.processorTime(t)
	got = attack()
	u = used{time: p.processorTime(t) - before, memory: p.peak(t) >> 20, out: len(got.body) >> 10}
	if got.status == 200 && (!json.Valid([]byte(got.body)) || !utf8.ValidString(got.body)) {
		t.Errorf("an answer is no JSON in UTF-8: %.300q", got.body)
	}
	return got, u
}

// exceed says by what an attack used more than it may.
func (u used) exceed(most bounds) string {
	if u.time > most.time || u.memory > most.memory || u.out > most.out {
		return fmt.Sprintf("%s; it may be %s", u, used(most))
	}
	return ""
}
