package changes

// synced is how far the memory of a log is in step with the shared log that it follows. A reader can come with a cursor that another replica has given and
// this one has not read yet. Or the cursor is of a change that the store has lost, because a failover has made a server its master that did not have it.
// Which of the two it is, the next reading of the whole store shows.
type synced struct {
	// begun and ended count the readings that go up to the end of the store.
	begun, ended int
	// last is the last position that the store had in the last of them that has ended, and whole is true if readers have been told all up to there.
	last  uint64
	whole bool
	// awaited is true if a reader waits for a position that is not known yet.
	awaited bool
}

// lacks reports whether the store does not have the position of a reader, which this process does not know.
func (s *synced) lacks(r *Reader) bool { return s.ended >= r.round && (r.at > s.last || s.whole) }
