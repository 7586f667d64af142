package writes

import (
	"encoding/json"
	"slices"

	"roster/connectors"
	"roster/connectors/wire"
)

// entry is a record as the store has it. The details of an account are apart from it, because only its kind of source knows their type.
type entry struct {
	shown
	Details *storedDetails `json:"details,omitempty"`
}

// storedDetails are the details of the record, if it is an account that has any.
type storedDetails struct {
	Encoding string `json:"encoding"` // see connectors.Kind.DetailsEncoding
	Fields   []byte `json:"fields"`
}

// encodeEntry encodes a record for the store.
func encodeEntry(s *shown) ([]byte, error) {
	e := entry{shown: *s}
	e.Record.Accounts = slices.Clone(s.Record.Accounts)
	for i := range e.Record.Accounts { // at most one
		a := &e.Record.Accounts[i]
		if k := connectors.KindNamed(s.Kind); a.Details != nil && k != nil && k.Details != nil {
			w := wire.NewEncoder(nil)
			a.Details.Fields(w)
			e.Details = &storedDetails{k.DetailsEncoding(), w.Output()}
		}
		a.Details = nil
	}
	return json.Marshal(e)
}

// decodeEntry decodes a record from the store, and keeps the line. An account whose details another release encoded differently has none: without the
// account, a second invitation would be sent.
func decodeEntry(line []byte) (*shown, error) {
	var e entry
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, err
	}
	e.encoded = line
	k := connectors.KindNamed(e.Kind)
	if e.Details == nil || len(e.Record.Accounts) != 1 || k == nil || k.Details == nil {
		return &e.shown, nil
	}
	if k.DetailsEncoding() == e.Details.Encoding {
		details, w := k.Details(), wire.NewDecoder(e.Details.Fields)
		if details.Fields(w); w.Err() == nil && w.Len() == 0 {
			e.Record.Accounts[0].Details = details
		}
	}
	return &e.shown, nil
}
