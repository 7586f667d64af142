package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/directory"
)

// oneOf holds an input object to exactly one key with a value. gqlparser checks that for literals only; here variables come by too.
func oneOf(ctx context.Context, obj any, next graphql.Resolver) (any, error) {
	given, _ := obj.(map[string]any)
	if len(given) == 1 {
		for _, v := range given {
			if v != nil {
				return next(ctx)
			}
		}
	}
	return nil, &directory.InputError{Argument: "by", Message: "give exactly one of its fields, and not null"}
}
