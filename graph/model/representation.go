package model

import "github.com/99designs/gqlgen/graphql"

// MarshalRepresentation writes a federated representation.
func MarshalRepresentation(v map[string]any) graphql.Marshaler { return graphql.MarshalAny(v) }

// UnmarshalRepresentation reads a federated representation. What is no object becomes one without a type, so that it fails by itself and not
// with the whole batch.
func UnmarshalRepresentation(v any) (map[string]any, error) {
	m, _ := v.(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	return m, nil
}
