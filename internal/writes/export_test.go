package writes

// Bound has a store take no more than so many keys, of one caller, and notes.
func (m *Memory) Bound(keys, ofCaller, notes int) {
	m.values, m.room = make(map[string]memoryValue), newRoom()
	m.room.keys, m.room.callerKeys, m.room.notes = keys, ofCaller, notes
}

// Bound does the same.
func (d *Dir) Bound(keys, ofCaller, notes int) {
	d.room.keys, d.room.callerKeys, d.room.notes = keys, ofCaller, notes
}

// Len says how much a store holds.
func (m *Memory) Len() int { return len(m.values) }

// FailWith makes a directory take nothing, with that error; nil: no error.
func (d *Dir) FailWith(err error) { d.files.Step = func(string) error { return err } }
