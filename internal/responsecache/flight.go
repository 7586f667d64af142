package responsecache

// Flight is the execution of an operation for which others with the same key wait.
type Flight struct {
	cache *Cache
	key   string
	// The mutex of the cache guards these.
	over   bool
	joined bool          // somebody else waits for it
	ended  chan struct{} // nil until somebody waits
	answer *Answer       // nil if the answer must not be reused
}

// Join returns the flight for a key. If there is none, that is f, and its operation must be executed, and must call End.
func (c *Cache) Join(key []byte, f *Flight) *Flight {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.flights[string(key)]; known != nil {
		known.joined = true
		return known
	}
	f.cache, f.key = c, string(key)
	c.flights[f.key] = f
	return f
}

// End ends the flight with an answer; nil if the answer must not be reused. Further calls do nothing, nor does the end of a flight that nobody has joined.
func (f *Flight) End(a *Answer) {
	if f.cache == nil {
		return
	}
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	if f.over {
		return
	}
	delete(f.cache.flights, f.key)
	f.over, f.answer = true, a
	if f.ended != nil {
		close(f.ended)
	}
}

// Ended is closed when the flight has ended.
func (f *Flight) Ended() <-chan struct{} {
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	if f.ended == nil {
		f.ended = make(chan struct{})
		if f.over {
			close(f.ended)
		}
	}
	return f.ended
}

// Joined reports whether others have joined the flight. It must be called after End, by the same goroutine.
func (f *Flight) Joined() bool { return f.joined }

// Key returns the key of the flight.
func (f *Flight) Key() string { return f.key }

// Answer returns the answer of a flight that has ended; nil if there is none for others.
func (f *Flight) Answer() *Answer { return f.answer }
