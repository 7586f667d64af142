package model

import (
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/echo"
)

// enum spells the values of a Go type in GraphQL. A value that is not spelt is null.
type enum[T comparable] struct {
	names  map[T]graphql.Marshaler
	quoted map[T]string
	values map[string]T
}

func newEnum[T comparable](values map[string]T) enum[T] {
	e := enum[T]{names: make(map[T]graphql.Marshaler, len(values)), quoted: make(map[T]string, len(values)), values: values}
	for name, v := range values {
		e.names[v] = graphql.MarshalString(name)
		e.quoted[v] = `"` + name + `"`
	}
	return e
}

func (e enum[T]) marshal(v T) graphql.Marshaler {
	if m, ok := e.names[v]; ok {
		return m
	}
	return graphql.Null
}

// append is marshal for plans, which append to the answer.
func (e enum[T]) append(b []byte, v T) ([]byte, bool) {
	name, ok := e.quoted[v]
	return append(b, name...), ok
}

func (e enum[T]) unmarshal(v any) (T, error) {
	s, isString := v.(string)
	if !isString {
		var t T
		return t, errors.New("must be one of its values, and not null")
	}
	t, ok := e.values[s]
	if !ok {
		return t, fmt.Errorf("%s is not one of its values", echo.Quoted(s))
	}
	return t, nil
}
