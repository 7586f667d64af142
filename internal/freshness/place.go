package freshness

import "errors"

// SourceErrorsHeader is the header by which a request chooses its Place.
const SourceErrorsHeader = "X-Roster-Source-Errors"

// Place is where an answer tells what sources lack, or have older than asked. Empty means where the configuration says.
type Place string

// The places.
const (
	AmongErrors  Place = "errors"
	InExtensions Place = "extensions" // under sources
)

var errPlace = errors.New(SourceErrorsHeader + " can be errors or extensions")

// ParsePlace reads the values of a request's SourceErrorsHeader. The error says what they can be.
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
