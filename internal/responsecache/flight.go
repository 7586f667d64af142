package responsecache

// Flight is the execution of an operation for which others with the same key wait.
type Flight struct {
	cache *Cache
	key   string
	ended chan struct{}
	// answer is set before ended is closed; nil if the answer must not be reused.
	answer *Answer
}

// Join returns the flight for a key, and whether it is a new one. The operation with a new flight must be executed, and must call End.
func (c *Cache) Join(key []byte) (f *Flight, leads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f = c.flights[string(key)]; f != nil {
		return f, false
	}
	f = &Flight{cache: c, key: string(key), ended: make(chan struct{})}
	c.flights[f.key] = f
	return f, true
}

// End ends the flight with an answer; nil if the answer must not be reused. Further calls do nothing. A nil Flight ends nothing.
func (f *Flight) End(a *Answer) {
	if f == nil {
		return
	}
	f.cache.mu.Lock()
	defer f.cache.mu.Unlock()
	if f.cache.flights[f.key] != f {
		return
	}
	delete(f.cache.flights, f.key)
	f.answer = a
	close(f.ended)
}

// Ended is closed when the flight has ended.
func (f *Flight) Ended() <-chan struct{} { return f.ended }

// Answer returns the answer of a flight that has ended; nil if there is none for others.
func (f *Flight) Answer() *Answer { return f.answer }
