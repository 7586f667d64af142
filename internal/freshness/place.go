package freshness

import "errors"

// SourceErrorsHeader is the header by which a request chooses its Place.
const SourceErrorsHeader = "X-Roster-Source-Errors"

// Place is where an answer reports that sources lack data, or have only data older than required. Empty means the configured place.
type Place string

// The places of an answer.
const (
	AmongErrors  Place = "errors"
	InExtensions Place = "extensions" // under sources
)

var errPlace = errors.New(SourceErrorsHeader + " can be errors or extensions")

// ParsePlace parses the values of a request's SourceErrorsHeader. The error names the valid values.
func ParsePlace(values []string) (Place, error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		if p := Place(values[0]); p == AmongErrors || p == InExtensions {
			return p, nil
		}
	}
	return "", errPlace
}
