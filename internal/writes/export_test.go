package writes

// Bound limits the store to so many keys, keys of one caller, and intents.
func (m *Memory) Bound(keys, ofCaller, intents int) {
	m.values, m.capacity = make(map[string]memoryValue), newCapacity()
	m.capacity.keys, m.capacity.callerKeys, m.capacity.intents = keys, ofCaller, intents
}

// Bound limits the store in the same way.
func (d *Dir) Bound(keys, ofCaller, intents int) {
	d.capacity.keys, d.capacity.callerKeys, d.capacity.intents = keys, ofCaller, intents
}

// Len returns the number of values in the store.
func (m *Memory) Len() int { return len(m.values) }

// FailWith has every write to the directory fail with err; nil ends that.
func (d *Dir) FailWith(err error) { d.files.Step = func(string) error { return err } }
