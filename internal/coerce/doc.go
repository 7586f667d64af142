// Package coerce converts the variables of a request to the values that an operation gets. It follows the GraphQL specification (September 2025):
// CoerceVariableValues (6.1.2), CoerceArgumentValues (6.4.1) and the input coercion of each type (3.5 to 3.12). It is pure: values in, values or
// errors out. It expects a document that gqlparser has validated, and checks what depends on the variables, before anything runs. So a resolver never
// gets null, or gqlgen's zero value for null, where the schema guarantees a value.
package coerce
