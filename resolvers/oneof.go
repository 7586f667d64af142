package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/directory"
)

// oneOf holds an input object to exactly one key with a value. gqlparser checks that for literals only; here variables come by too. The error
// names the object's place in what it is a part of.
func oneOf(ctx context.Context, obj any, next graphql.Resolver) (any, error) {
	given, _ := obj.(map[string]any)
	if len(given) == 1 {
		for _, v := range given {
			if v != nil {
				return next(ctx)
			}
		}
	}
	argument := "by"
	if at := graphql.GetPathContext(ctx); at != nil && at.Field != nil {
		argument = *at.Field
	}
	return nil, &directory.InputError{Argument: argument, Message: "give exactly one of its fields, and not null"}
}
