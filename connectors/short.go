package connectors

import "fmt"

// ShortDetail returns why a listing that nothing has failed in is not complete: read is how many records it has, expected how many there are by the
// source's own word.
func ShortDetail(expected *int, read int, anomalies []Anomaly) string {
	nameless := 0
	for _, a := range anomalies {
		if a.Field == FieldID {
			nameless += a.Count
		}
	}
	switch {
	case expected != nil && *expected != read:
		return fmt.Sprintf("the source counts %d of them, and %d have been read", *expected, read)
	case nameless > 0:
		return fmt.Sprintf("%d rows have no ID that can be used", nameless)
	}
	return "the source's own numbers contradict its rows or cannot be read, or it may have cut its list"
}
