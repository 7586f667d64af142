package graph

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Served is the graph under the names that are served, before an executor that knows the schema's own. It is safe for concurrent use.
type Served struct {
	names      *names
	executable *ast.Schema
	schema     *ast.Schema
	loose      *ast.Schema // as a router sees it: see Federation
	marker     string      // begins the response key of a __typename whose value is to be renamed
	marked     *regexp.Regexp
	federation string
}

// NewServed presents an executor's schema.
func NewServed(o Options, executable *ast.Schema) *Served {
	n := newNames(o.Prefix)
	s := &Served{names: n, executable: executable, schema: n.schema(executable), loose: n.schema(loosened(executable)), federation: Federation(o)}
	if o.Prefix != "" {
		s.marker = "__typename_" + rand.Text() + "_" // nobody can guess it, so that no source can have a key like it
		s.marked = regexp.MustCompile(`"` + s.marker + `(\w+)":"(\w+)"`)
	}
	return s
}

func loosened(s *ast.Schema) *ast.Schema {
	var defs ast.DefinitionList
	out := *s
	out.Types = make(map[string]*ast.Definition, len(s.Types))
	for name, def := range s.Types {
		copied := *def
		copied.Fields = slices.Clone(def.Fields)
		defs = append(defs, &copied)
		out.Types[name] = &copied
	}
	loosen(defs)
	out.Query = out.Types["Query"]
	if s.Mutation != nil {
		out.Mutation = out.Types["Mutation"]
	}
	return &out
}

// Schema gives the schema with the names that are served.
func (s *Served) Schema() *ast.Schema { return s.schema }

// Federation gives what _service states.
func (s *Served) Federation() string { return s.federation }

// TypeName gives the name under which a type is served.
func (s *Served) TypeName(own string) string { return s.names.typeName(own) }

// Coordinate gives the name under which a field of an object or interface is served.
func (s *Served) Coordinate(object, field string) string {
	return s.names.typeName(object) + "." + s.names.fieldName(object, field)
}

// OwnName gives the executor's name of a type that is served; false where none of that name is.
func (s *Served) OwnName(served string) (string, bool) {
	name, ok := s.names.own[served]
	return name, ok
}

const overlapping = "OverlappingFieldsCanBeMerged"

// Prepare holds a document to the schema that is served, by these rules, and makes it one for the executor.
//
// A router's document is valid in the router's schema, where an entity's field may be null that can be none here. Two fields under one response key may
// therefore be of one type there and of two here. Roster takes such a document: no object has both fields.
func (s *Served) Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List {
	errs := validator.ValidateWithRules(s.schema, doc, by)
	if len(errs) > 0 && !slices.ContainsFunc(errs, func(e *gqlerror.Error) bool { return e.Rule != overlapping }) {
		only := rules.NewRules(rules.OverlappingFieldsCanBeMergedRule)
		if len(validator.ValidateWithRules(s.loose, doc, only)) == 0 {
			errs = nil
			validator.Walk(s.schema, doc, &core.Events{}) // the document is to hold the definitions of the schema that is served
		}
	}
	if len(errs) > 0 {
		return errs
	}
	if s.names.prefix != "" {
		s.translate(doc)
		validator.Walk(s.executable, doc, &core.Events{})
	}
	return nil
}

// translate puts the executor's names in the place of those that are served. Response keys stay, but those of __typename, which are marked.
func (s *Served) translate(doc *ast.QueryDocument) {
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			v.Type = s.names.untyped(v.Type)
		}
		s.translateSet(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		f.TypeCondition = s.names.ownName(f.TypeCondition)
		s.translateSet(f.SelectionSet)
	}
}

func (s *Served) translateSet(set ast.SelectionSet) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			switch of := selection.ObjectDefinition; {
			case selection.Name == "__typename":
				selection.Alias = s.marker + selection.Alias
			case of != nil && isRoot(of.Name):
				selection.Name = s.rootField(of.Name, selection.Name)
			}
			s.translateSet(selection.SelectionSet)
		case *ast.InlineFragment:
			selection.TypeCondition = s.names.ownName(selection.TypeCondition)
			s.translateSet(selection.SelectionSet)
		}
	}
}

// rootField gives the executor's name of a root field.
func (s *Served) rootField(object, served string) string {
	for _, f := range s.executable.Types[object].Fields {
		if s.names.fieldName(object, f.Name) == served {
			return f.Name
		}
	}
	return served
}

// Answer puts the names that are served into the data of an answer, where it names types.
func (s *Served) Answer(data []byte) []byte {
	if s.marked == nil || !bytes.Contains(data, []byte(s.marker)) {
		return data
	}
	return s.marked.ReplaceAllFunc(data, func(pair []byte) []byte {
		part := s.marked.FindSubmatch(pair)
		return []byte(`"` + string(part[1]) + `":"` + s.TypeName(string(part[2])) + `"`)
	})
}

// TypenameKey gives the response key and the type's name that an answer has for a __typename of a prepared document.
func (s *Served) TypenameKey(alias, own string) (key, served string) {
	if s.marker == "" {
		return alias, own
	}
	return strings.TrimPrefix(alias, s.marker), s.TypeName(own)
}
