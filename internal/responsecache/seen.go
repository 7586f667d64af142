package responsecache

import "sync/atomic"

// seen has half of the hash of each key whose answer was made, at the remainder of the hash, until another one replaces it. Most operations are never repeated.
// The cache keeps an answer only if it is made a second time: so answers to operations that are not repeated neither cost the memory of a copy, nor remove
// others, nor does the garbage collector visit them. Two keys with the same half at the same place are rare, and then an answer is kept too early; the
// table is half as large, so that more of it fits into the processor's own cache.
type seen []atomic.Uint32

// bytesPerHash is the size of the cache for each hash.
const bytesPerHash = 256

func newSeen(bytes int) seen { return make(seen, bytes/bytesPerHash+1) }

// add adds a hash, and reports whether it was there.
func (s seen) add(hash uint64) bool {
	at, half := &s[hash%uint64(len(s))], uint32(hash>>32)
	if at.Load() == half {
		return true
	}
	at.Store(half)
	return false
}
