// Package manifest encodes the description of a stored snapshot, and how a fetch failed. All releases read each other's manifests. The package does
// not know where manifests are stored.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"roster/connectors"
	"roster/internal/seal"
	"roster/internal/snapshot"
)

// Name returns an item's name in keys.
func Name(i snapshot.StoreKey) string {
	return i.Source + ":" + i.Fingerprint + ":" + i.Collection.String()
}

// manifest is the description of a stored snapshot. It is sealed. The stamp and the completeness stand unencrypted before it, because the scripts of
// Redis must read them.
type manifest struct {
	Since    int64  `json:"since"`          // microseconds before the stamp
	Full     int64  `json:"full,omitempty"` // microseconds before Since
	Version  string `json:"version"`
	Expected *int   `json:"expected,omitempty"`
	// Odd is the values that could not be read. Earlier releases did not write it.
	Odd   []connectors.Anomaly `json:"anomalies,omitempty"`
	State connectors.State     `json:"state,omitempty"` // nor this
	Took  int64                `json:"took"`            // microseconds
	Count int                  `json:"count"`
	Bytes int                  `json:"bytes,omitempty"` // nor this
	Parts []string             `json:"parts"`
	// Times and TimesParts are the version of the history and the names of its parts. Earlier releases did not write them.
	Times      string   `json:"times,omitempty"`
	TimesParts []string `json:"timesParts,omitempty"`
	Fields     string   `json:"fields,omitempty"` // nor this
	Loss       *loss    `json:"loss,omitempty"`
}

// loss is a fetch that the guard holds back. Its times are in microseconds before the stamp, which is the stamp of the latest fetch. Read is when the
// fetch began that the snapshot comes from.
type loss struct {
	Read  int64 `json:"read"`
	At    int64 `json:"at"`
	Since int64 `json:"since"`
	Known int   `json:"known"`
	Found int   `json:"found"`
	Lost  int   `json:"lost"`
}

func writeLoss(m *snapshot.Meta) *loss {
	l := m.Loss
	if l == nil {
		return nil
	}
	before := func(t time.Time) int64 { return max(0, m.Began().Sub(t).Microseconds()) }
	return &loss{Read: before(m.FetchedAt), At: before(l.At), Since: before(l.Since), Known: l.Known, Found: l.Found, Lost: l.Lost}
}

// read adds the held-back fetch to a Meta whose times come from its stamp.
func (l *loss) read(m *snapshot.Meta) bool {
	if l == nil {
		return true
	}
	if min(l.Read, l.At, l.Since) < 0 || min(l.Known, l.Found, l.Lost) < 0 {
		return false
	}
	before := func(n int64) time.Time { return m.FetchedAt.Add(-time.Duration(n) * time.Microsecond) }
	m.Loss = &snapshot.Loss{At: before(l.At), Since: before(l.Since), Known: l.Known, Found: l.Found, Lost: l.Lost}
	back := m.FetchedAt.Sub(before(l.Read))
	m.FetchedAt, m.Since, m.Full = m.FetchedAt.Add(-back), m.Since.Add(-back), m.Full.Add(-back)
	return true
}

// Write returns the value to store for a snapshot with that stamp.
func Write(s *seal.Sealer, item snapshot.StoreKey, stamp int64, m *snapshot.Meta, parts []string) ([]byte, error) {
	body, err := json.Marshal(manifest{Since: m.FetchedAt.Sub(m.Since).Microseconds(), Full: fullBefore(m), Version: m.Version, Expected: m.Expected,
		Odd: m.Anomalies, State: m.State, Took: m.Took.Microseconds(), Count: m.Count, Bytes: m.Bytes, Parts: parts, Times: m.Times, TimesParts: m.TimesParts,
		Fields: m.Fields, Loss: writeLoss(m)})
	if err != nil {
		return nil, err
	}
	head := headOf(stamp, m.Complete)
	return append([]byte(head), s.Seal(body, head+Name(item))...), nil
}

// fullBefore returns the time between the start of the last full fetch and the oldest data, in microseconds. It returns zero if Full is not set, as
// with releases that have no incremental fetches.
func fullBefore(m *snapshot.Meta) int64 {
	if m.Full.IsZero() {
		return 0
	}
	return max(0, m.Since.Sub(m.Full).Microseconds())
}

func headOf(stamp int64, complete bool) string {
	whole := 0
	if complete {
		whole = 1
	}
	return fmt.Sprintf("%d %d ", stamp, whole)
}

// Read decodes a stored value. Local translates a stamp to the local clock; it returns false if the stamp is too far in the future to be true. Read
// returns a zero Meta if this sealer did not write the value for the item.
func Read(s *seal.Sealer, item snapshot.StoreKey, value []byte, local func(stamp int64) (time.Time, bool)) snapshot.Meta {
	first, rest, _ := bytes.Cut(value, []byte(" "))
	whole, sealed, ok := bytes.Cut(rest, []byte(" "))
	stamp, err := strconv.ParseInt(string(first), 10, 64)
	if !ok || err != nil || stamp <= 0 {
		return snapshot.Meta{}
	}
	readAt, plausible := local(stamp)
	if !plausible {
		return snapshot.Meta{}
	}
	complete := string(whole) == "1"
	body, err := s.Open(sealed, headOf(stamp, complete)+Name(item))
	if err != nil {
		return snapshot.Meta{}
	}
	var m manifest
	if json.Unmarshal(body, &m) != nil || m.Since < 0 || m.Full < 0 || m.Count < 0 || m.Took < 0 || m.Bytes < 0 {
		return snapshot.Meta{}
	}
	since := readAt.Add(-time.Duration(m.Since) * time.Microsecond)
	meta := snapshot.Meta{Stamp: stamp, FetchedAt: readAt, Since: since, Full: since.Add(-time.Duration(m.Full) * time.Microsecond), Version: m.Version,
		Complete: complete, Expected: m.Expected, Anomalies: m.Odd, State: m.State, Took: time.Duration(m.Took) * time.Microsecond, Count: m.Count, Bytes: m.Bytes, Parts: m.Parts, Times: m.Times, TimesParts: m.TimesParts,
		Fields: m.Fields}
	if !m.Loss.read(&meta) {
		return snapshot.Meta{}
	}
	return meta
}

// fault is the stored form of a source's error, without the cause.
type fault struct {
	Source     string               `json:"source"`
	Op         string               `json:"op"`
	Kind       connectors.ErrorKind `json:"kind"`
	Status     int                  `json:"status,omitempty"`
	Code       string               `json:"code,omitempty"`
	Detail     string               `json:"detail,omitempty"`
	RetryAfter time.Duration        `json:"retryAfter,omitempty"`
	Blocked    bool                 `json:"blocked,omitempty"`
}

// failure is the stored form of a snapshot.Failure, without the times.
type failure struct {
	Fault  *fault `json:"fault,omitempty"`
	InARow int    `json:"inARow"`
}

// WriteFailure returns the value to store for a failure.
func WriteFailure(f snapshot.Failure) ([]byte, error) {
	out := failure{InARow: f.InARow}
	if e := f.Err; e != nil {
		out.Fault = &fault{e.Source, e.Op, e.Kind, e.Status, e.Code, e.Detail, e.RetryAfter, e.Blocked}
	}
	return json.Marshal(out)
}

// ReadFailure decodes a stored failure. It returns a zero Failure if the value is not a failure, or if this release cannot decode it.
func ReadFailure(value []byte) snapshot.Failure {
	var in failure
	if len(value) == 0 || json.Unmarshal(value, &in) != nil || in.InARow < 0 {
		return snapshot.Failure{}
	}
	out := snapshot.Failure{InARow: min(in.InARow, 64)}
	if f := in.Fault; f != nil {
		if f.Kind > connectors.KindSuspiciousLoss {
			f.Kind = connectors.KindUnavailable
		}
		out.Err = &connectors.Error{Source: f.Source, Op: f.Op, Kind: f.Kind, Status: f.Status, Code: f.Code, Detail: f.Detail,
			RetryAfter: min(f.RetryAfter, time.Hour), Blocked: f.Blocked}
	}
	return out
}
