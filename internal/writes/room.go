package writes

import (
	"errors"
	"strings"
	"time"
)

// What a store of one process has room for. A key takes about 400 bytes of memory, or a file: all of them 40 MB. They are more than the 86,400 calls
// that Worksection takes within the 24 hours for which a key counts, so that only keys that make nothing can use them up. A caller's share keeps one
// that sends a new key with every try from taking them all.
const (
	maxKeys       = 100_000
	maxCallerKeys = maxKeys / 4
	maxNotes      = maxKeys
)

var (
	errKeys       = errors.New("as many idempotency keys were used within 24 hours as are remembered; redis has room for more")
	errCallerKeys = errors.New("a caller has used as many idempotency keys within 24 hours as are remembered of one; redis has room for more")
	errNotes      = errors.New("there are too many writes that nobody knows the end of")
)

// room says whether one more name can be remembered. Nothing is dropped to make some: without its note a thing is made twice, and without its answer a
// key gives another one. What has no room is refused before anything is sent. Locks and the overlay need none: they are as many as there are calls at a
// time, and one.
type room struct {
	keys, callerKeys, notes int // at most

	usedKeys, usedNotes int
	ofCaller            map[string]int
	swept               time.Time
}

func newRoom() *room {
	return &room{keys: maxKeys, callerKeys: maxCallerKeys, notes: maxNotes, ofCaller: make(map[string]int)}
}

// keyOf names a key as stores see it: by its caller, so that those of one can be counted.
func keyOf(method, caller, key string) string {
	return nameOf(method, caller) + "/" + nameOf(method, caller, key)
}

// callerOf gives whose key a name is; empty where it is none.
func callerOf(name string) string {
	key, is := strings.CutPrefix(name, keyPrefix)
	if !is {
		return ""
	}
	caller, _, _ := strings.Cut(key, "/")
	return caller
}

// used gives how much there is.
func (r *room) used() (keys, notes int) {
	if r == nil {
		return 0, 0
	}
	return r.usedKeys, r.usedNotes
}

// count takes up that names have come, or gone with a negative n.
func (r *room) count(name string, n int) {
	switch caller := callerOf(name); {
	case caller != "":
		r.usedKeys += n
		if r.ofCaller[caller] += n; r.ofCaller[caller] == 0 {
			delete(r.ofCaller, caller)
		}
	case strings.HasPrefix(name, notePrefix):
		r.usedNotes += n
	}
}

// has is an error where a name that is not there yet has no room.
func (r *room) has(name string) error {
	switch caller := callerOf(name); {
	case caller != "" && r.ofCaller[caller] >= r.callerKeys:
		return errCallerKeys
	case caller != "" && r.usedKeys >= r.keys:
		return errKeys
	case strings.HasPrefix(name, notePrefix) && r.usedNotes >= r.notes:
		return errNotes
	}
	return nil
}

// find is has, once what has ended is forgotten. It sweeps no more often than once a second: whoever is refused may go on trying.
func (r *room) find(name string, sweep func()) error {
	err := r.has(name)
	if err == nil || time.Since(r.swept) < time.Second {
		return err
	}
	r.swept = time.Now()
	sweep()
	return r.has(name)
}
