package plan

import "github.com/99designs/gqlgen/graphql"

// Selection is what an operation writes of an object of one concrete type: fields in the order of the answer, with all fragments and aliases resolved.
type Selection struct {
	Fields []Field
}

// Field is one field of a selection.
type Field struct {
	// Key is the response name as it is written: with the comma before it, in quotation marks, with its colon.
	Key string
	// Number is the number of the field in its type, by which generated code chooses the getter. Typename is that of __typename.
	Number int
	// NonNull is true if a null makes the whole object null.
	NonNull bool
	// Guarded is true if some callers may not see the field.
	Guarded bool
	// Late is true if the value is written after everything else: see Run.Later.
	Late bool
	// Text is the value of __typename, as it is written.
	Text string
	// Sub is the selection of the field's objects, if these have one type.
	Sub *Selection
	// Of has the selections of the field's objects by the number of their type, if these can have several types.
	Of []*Selection
	// Args are the arguments in the order of the schema.
	Args []Argument
	// Object is the name of the type that has the field.
	Object string
	// Collected is the field as gqlgen sees it.
	Collected graphql.CollectedField
}

// Typename is the number of __typename in each type.
const Typename = 0

// Type describes an object type to the compiler. Types are generated.
type Type struct {
	Name string
	// Number is the type's index in Types.
	Number int
	// Satisfies has the names that match in the type conditions of fragments.
	Satisfies []string
	// Fields has the number of each field that generated code can write.
	Fields map[string]int
	// Late has the fields that generated code can write late.
	Late map[string]bool
}

// Types are the object types of a schema, by their numbers.
type Types []Type

func (t Types) named(name string) *Type {
	for i := range t {
		if t[i].Name == name {
			return &t[i]
		}
	}
	return nil
}
