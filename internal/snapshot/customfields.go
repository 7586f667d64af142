package snapshot

// The part that is about custom fields. Which of them the source is asked for depends on the settings, and other replicas, or this one before its
// restart, may have had other settings.

// covers reports whether records that were asked for these custom fields have all that the settings ask for.
func (c *constants) covers(fields string) bool { return c.fields == "" || c.fields == fields }

// fieldsWith returns the custom fields for which all records were asked, if the new ones are merged into records that were asked for the given fields. If
// the two differ, that is true of no fields: the old records lack new fields, and the new records lack old ones.
func (c *constants) fieldsWith(older string) string {
	if c.fields == older {
		return older
	}
	return ""
}

// checkFields makes data that was fetched for other custom fields outdated. It is served until the fetch that follows. Incremental fetches do not help:
// they do not bring the fields of records that have not changed.
func (t *step) checkFields() {
	if t.snap != nil && !t.covers(t.snap.Fields) {
		t.outdated, t.outdatedFull = later(t.outdated, t.now), later(t.outdatedFull, t.now)
	}
}
