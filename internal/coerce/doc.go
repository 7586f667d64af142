// Package coerce turns the variables of a request into the values that an operation gets, as the GraphQL specification (September 2025) defines it:
// CoerceVariableValues (6.1.2), CoerceArgumentValues (6.4.1) and the input coercion of each type (3.5 to 3.12). It is pure: values in, values or
// errors out. It expects a document that gqlparser has validated, and checks what only the variables decide, before anything runs. So no resolver is
// ever given null, or the zero value that gqlgen makes of it, where the schema promises a value.
package coerce
