package model

import (
	"errors"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/plan"
)

var fieldStates = newEnum(map[string]directory.FieldState{
	"PRESENT": directory.StatePresent, "EMPTY_AT_SOURCE": directory.StateEmpty, "NO_ACCOUNT": directory.StateNoAccount,
	"NOT_OFFERED": directory.StateNotOffered, "RESTRICTED": directory.StateRestricted, "DENIED": directory.StateDenied,
	"UNAVAILABLE": directory.StateUnavailable,
})

// MarshalFieldState writes a FieldState.
func MarshalFieldState(v directory.FieldState) graphql.Marshaler { return fieldStates.marshal(v) }

// AppendFieldState appends the value as MarshalFieldState writes it, and reports whether it is not null.
func AppendFieldState(b []byte, v directory.FieldState) ([]byte, bool) {
	return fieldStates.append(b, v)
}

// UnmarshalFieldState reads a FieldState.
func UnmarshalFieldState(v any) (directory.FieldState, error) { return fieldStates.unmarshal(v) }

var fieldRules = newEnum(map[string]directory.FieldRule{
	"PRECEDENCE": directory.RulePrecedence, "FALLBACK": directory.RuleFallback, "ANY": directory.RuleAny, "ALL": directory.RuleAll,
	"HIGHEST": directory.RuleHighest, "EARLIEST": directory.RuleEarliest, "UNION": directory.RuleUnion, "REFERENCE": directory.RuleReference,
})

// MarshalFieldRule writes a FieldRule.
func MarshalFieldRule(v directory.FieldRule) graphql.Marshaler { return fieldRules.marshal(v) }

// AppendFieldRule appends the value as MarshalFieldRule writes it, and reports whether it is not null.
func AppendFieldRule(b []byte, v directory.FieldRule) ([]byte, bool) { return fieldRules.append(b, v) }

// UnmarshalFieldRule reads a FieldRule.
func UnmarshalFieldRule(v any) (directory.FieldRule, error) { return fieldRules.unmarshal(v) }

var candidateReasons = newEnum(map[string]directory.CandidateReason{
	"PREFERRED": directory.ReasonPreferred, "COMBINED": directory.ReasonCombined, "LESS_PREFERRED": directory.ReasonLessPreferred,
	"LESSER_KIND": directory.ReasonLesserKind, "UNTRUSTED": directory.ReasonUntrusted, "INACTIVE": directory.ReasonInactive,
	"OUTWEIGHED": directory.ReasonOutweighed, "NOT_FOUND": directory.ReasonNotFound,
	"SHARED_MAILBOX": directory.ReasonSharedMailbox, "AMBIGUOUS": directory.ReasonAmbiguous,
})

// MarshalCandidateReason writes a CandidateReason.
func MarshalCandidateReason(v directory.CandidateReason) graphql.Marshaler {
	return candidateReasons.marshal(v)
}

// AppendCandidateReason appends the value as MarshalCandidateReason writes it, and reports whether it is not null.
func AppendCandidateReason(b []byte, v directory.CandidateReason) ([]byte, bool) {
	return candidateReasons.append(b, v)
}

// UnmarshalCandidateReason reads a CandidateReason.
func UnmarshalCandidateReason(v any) (directory.CandidateReason, error) {
	return candidateReasons.unmarshal(v)
}

var coverageStates = newEnum(map[string]connectors.Coverage{
	"SUPPORTED": connectors.Supported, "PARTIAL": connectors.Partial, "UNSUPPORTED": connectors.Unsupported, "RESTRICTED": connectors.Restricted,
})

// MarshalCoverageState writes a CoverageState.
func MarshalCoverageState(v connectors.Coverage) graphql.Marshaler { return coverageStates.marshal(v) }

// AppendCoverageState appends the value as MarshalCoverageState writes it, and reports whether it is not null.
func AppendCoverageState(b []byte, v connectors.Coverage) ([]byte, bool) {
	return coverageStates.append(b, v)
}

// UnmarshalCoverageState reads a CoverageState.
func UnmarshalCoverageState(v any) (connectors.Coverage, error) { return coverageStates.unmarshal(v) }

// MarshalFieldValue writes the value of a field as JSON, as the graph shows it.
func MarshalFieldValue(v directory.Value) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		b, _ := AppendFieldValue(nil, v)
		w.Write(b) //nolint:errcheck // the writer is a buffer
	})
}

// AppendFieldValue appends the value as MarshalFieldValue writes it, and reports whether it is not null.
func AppendFieldValue(b []byte, v directory.Value) ([]byte, bool) {
	switch v := v.Any.(type) {
	case string:
		return plan.AppendString(b, v), true
	case bool:
		return plan.AppendBoolean(b, v), true
	case time.Time:
		return AppendDateTime(b, v)
	case connectors.AccessLevel:
		return AppendAccessLevel(b, v)
	case connectors.TeamKind:
		return AppendTeamKind(b, v)
	case *directory.User:
		return appendNamed(b, v.ID, v.Name), true
	case *directory.ContactFolder:
		return appendNamed(b, v.ID, v.Name), true
	case []connectors.Permission:
		return appendList(b, v, appendPermission), true
	case []string:
		return appendList(b, v, plan.AppendString), true
	case []connectors.Phone:
		return appendList(b, v, appendPhone), true
	case []*directory.Team:
		return appendList(b, v, func(b []byte, t *directory.Team) []byte { return appendNamed(b, t.ID, t.Name) }), true
	case []*directory.Role:
		return appendList(b, v, func(b []byte, r *directory.Role) []byte { return appendNamed(b, r.ID, r.Name) }), true
	}
	return append(b, "null"...), true
}

func appendList[T any](b []byte, list []T, item func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = item(b, x)
	}
	return append(b, ']')
}

func appendPhone(b []byte, p connectors.Phone) []byte {
	b = append(b, `{"number":`...)
	if p.E164 == "" {
		b = append(b, "null"...)
	} else {
		b = plan.AppendString(b, p.E164)
	}
	b = plan.AppendString(append(b, `,"raw":`...), p.Raw)
	b, _ = AppendPhoneKind(append(b, `,"kind":`...), p.Kind)
	return append(b, '}')
}

func appendPermission(b []byte, p connectors.Permission) []byte {
	b = plan.AppendString(append(b, `{"entity":`...), p.Entity)
	b = plan.AppendString(append(b, `,"action":`...), p.Action)
	b, _ = AppendGrant(append(b, `,"grant":`...), p.Grant)
	return append(b, '}')
}

func appendNamed(b []byte, id, name string) []byte {
	b = plan.AppendString(append(b, `{"id":`...), id)
	b = plan.AppendString(append(b, `,"name":`...), name)
	return append(b, '}')
}

// UnmarshalFieldValue fails: no argument is such a value.
func UnmarshalFieldValue(any) (directory.Value, error) {
	return directory.Value{}, errors.New("it is only written")
}
