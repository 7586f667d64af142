package connectors

// Hooks describes the webhooks of a kind of source: requests that a source sends when something has changed. Roster fetches again what they say has
// changed, and trusts nothing else in them. The zero value describes a kind whose webhooks can be about anything.
type Hooks struct {
	// Collections are those that a webhook can be about; nil for all that the source has.
	Collections []Collection
	// Read reads what has changed from a body. It returns false if it does not understand the body; then all Collections may have changed. If it is
	// nil, no body is understood. Bodies may be malformed, malicious or empty.
	Read func(body []byte) (changes []Change, understood bool)
	// Token returns the token that a body has, or ""; nil if bodies have none.
	Token func(body []byte) string
}

// Change is a change that a source reports.
type Change struct {
	Collection Collection
	// Removed is true if records may have been removed, or have changed in another way that ChangeLister does not show.
	Removed bool
}

// Changes returns what has changed in a source with these collections, by a webhook with that body.
func (h *Hooks) Changes(has []Collection, body []byte) []Change {
	if h.Read != nil {
		if changes, understood := h.Read(body); understood {
			return changes
		}
	}
	about := h.Collections
	if about == nil {
		about = has
	}
	all := make([]Change, len(about))
	for i, c := range about {
		all[i] = Change{c, true}
	}
	return all
}
