// Package plan executes queries faster than gqlgen, with the same answers.
//
// gqlgen walks the document again for each object, has a context and a marshaler for each field, and a goroutine for each item of a list. A plan is the same
// query compiled for the Go types behind the schema:
//
//   - A [Selection] is what a query writes of an object of one concrete type. It has the fields in the order of the answer. All fragments and aliases are
//     resolved, and all names are quoted.
//   - Generated code (graph/generated/plan.generated.go) has one function for each object type. It goes over the fields of a selection, reads the value of
//     each field as gqlgen does (from a Go field, from a method, or from a resolver), and appends it to the answer. No value becomes an interface on the way.
//   - A [Run] is one execution. It knows the path to the value that is being written, collects errors, and reserves memory.
//
// # From the schema to the code
//
// Command generate, which go generate runs for package graph, is gqlgen with one plugin. The plugin gets what gqlgen knows of the schema and of the bindings in
// gqlgen.yml, and renders plan.gotpl. So a new field needs no code here. If package model has a function AppendX beside MarshalX, plans use it.
//
// # From the document to the plan
//
// A [Compiler] compiles an operation when it is executed for the first time, and a [Document] keeps the result beside the parsed document. Fragments and fields
// with one response name are merged by gqlgen's own function, graphql.CollectFields. There are no conditions in a plan: an operation with @skip or @include
// has one plan for each set of values of their variables.
//
// Some operations have no plan: mutations, introspection, those with one of the few fields for which there is no generated code, and those whose plan would take too
// much memory. Then gqlgen executes the whole operation. The plans of one document are kept within a number of bytes; a plan for which
// there is no room is compiled each time. Document.Bytes is for a cache of documents, which bounds them all together.
//
// # What is the same
//
// Data and errors are those of gqlgen, byte for byte. Only the order of errors may differ, because gqlgen executes root fields and items concurrently:
//
//   - A resolver is called as gqlgen calls it. If the field has arguments, its context has the graphql.FieldContext of the field. Resolvers of fields without
//     arguments get the context of the operation, because making field contexts is expensive; they cannot ask which field is being resolved.
//   - Errors go through graphql.AddError in the context that gqlgen would have, so that their paths and codes come from the same code.
//   - A null where the schema allows none makes the object null that has the field, and so on upwards. All other fields are still executed.
//   - A field that the caller may not see is null: see [Run.IsDenied].
//   - Values for which sources are asked are written last, so that all of them are asked for at once: see [Run.Later].
//   - The answer has the same bounds: see [Room].
//
// Errors are reported only when a plan has run to its end. If it cannot (a getter panics, or the data is too long), nothing has been reported, and gqlgen executes
// the operation from the beginning.
//
// The tests of package resolvers send each query both ways, and compare the answers.
package plan
