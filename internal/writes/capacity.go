package writes

import (
	"errors"
	"strings"
	"time"
)

// The capacity of a store of one process. A key takes about 400 bytes of memory, or one file: all keys take 40 MB. The limit is higher than the 86,400
// calls that a source accepts within the 24 hours of a key's life at one call a second, so only keys that create nothing can exhaust it. The limit for each caller stops
// a caller that sends a new key with every attempt from taking all keys.
const (
	maxKeys       = 100_000
	maxCallerKeys = maxKeys / 4
	maxIntents    = maxKeys
)

var (
	errKeys       = errors.New("as many idempotency keys were used within 24 hours as are remembered; redis has room for more")
	errCallerKeys = errors.New("a caller has used as many idempotency keys within 24 hours as are remembered of one; redis has room for more")
	errIntents    = errors.New("there are too many writes with an unknown outcome")
)

// capacity decides whether one more name can be stored. It never drops a value: without its intent a thing could be created twice, and without its
// answer a key could get a different one. If there is no capacity, the write is refused before anything is sent. Locks and the overlay are not
// counted: there are no more locks than concurrent calls, and one overlay.
type capacity struct {
	keys, callerKeys, intents int // limits

	usedKeys, usedIntents int
	ofCaller              map[string]int
	swept                 time.Time
}

func newCapacity() *capacity {
	return &capacity{keys: maxKeys, callerKeys: maxCallerKeys, intents: maxIntents, ofCaller: make(map[string]int)}
}

// keyOf returns a key's name in the store. The name begins with the caller, so that the keys of one caller can be counted.
func keyOf(method, caller, key string) string {
	return nameOf(method, caller) + "/" + nameOf(method, caller, key)
}

// callerOf returns the caller part of a key's name; empty if the name is not a key.
func callerOf(name string) string {
	key, is := strings.CutPrefix(name, keyPrefix)
	if !is {
		return ""
	}
	caller, _, _ := strings.Cut(key, "/")
	return caller
}

// used returns the numbers of stored keys and intents.
func (r *capacity) used() (keys, intents int) {
	if r == nil {
		return 0, 0
	}
	return r.usedKeys, r.usedIntents
}

// count adds n names; n is negative if names are removed.
func (r *capacity) count(name string, n int) {
	switch caller := callerOf(name); {
	case caller != "":
		r.usedKeys += n
		if r.ofCaller[caller] += n; r.ofCaller[caller] == 0 {
			delete(r.ofCaller, caller)
		}
	case strings.HasPrefix(name, intentPrefix):
		r.usedIntents += n
	}
}

// check returns an error if there is no capacity for a new name.
func (r *capacity) check(name string) error {
	switch caller := callerOf(name); {
	case caller != "" && r.ofCaller[caller] >= r.callerKeys:
		return errCallerKeys
	case caller != "" && r.usedKeys >= r.keys:
		return errKeys
	case strings.HasPrefix(name, intentPrefix) && r.usedIntents >= r.intents:
		return errIntents
	}
	return nil
}

// checkAfterSweep is check, after a sweep if check fails. It sweeps at most once a second, because a caller that was refused may retry at once.
func (r *capacity) checkAfterSweep(name string, sweep func()) error {
	err := r.check(name)
	if err == nil || time.Since(r.swept) < time.Second {
		return err
	}
	r.swept = time.Now()
	sweep()
	return r.check(name)
}
