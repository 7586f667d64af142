package responsecache

import "sync/atomic"

// seen has the hashes of keys whose answers were made, each at its remainder, until another one replaces it. Most operations are never repeated. The cache keeps
// an answer only if it is made a second time: so answers to operations that are not repeated neither cost the memory of a copy, nor remove others, nor does the
// garbage collector visit them.
type seen []atomic.Uint64

// bytesPerHash is the size of the cache for each hash.
const bytesPerHash = 256

func newSeen(bytes int) seen { return make(seen, bytes/bytesPerHash+1) }

// add adds a hash, and reports whether it was there.
func (s seen) add(hash uint64) bool {
	at := &s[hash%uint64(len(s))]
	if at.Load() == hash {
		return true
	}
	at.Store(hash)
	return false
}
