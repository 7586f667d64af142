// Command generate runs gqlgen, and generates beside its executor what package plan needs to write objects: graph/generated/plan.generated.go.
package main

import (
	_ "embed"
	"fmt"
	"go/types"
	"io"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

func main() {
	log.SetOutput(io.Discard) // gqlgen says which fields it leaves to resolvers
	cfg, err := config.LoadConfigFromDefaultLocations()
	if err == nil {
		err = api.Generate(cfg, api.AddPlugin(plugin{}))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type plugin struct{}

// Name implements gqlgen's plugin.Plugin.
func (plugin) Name() string { return "plan" }

//go:embed plan.gotpl
var template string

// GenerateCode implements gqlgen's plugin.CodeGenerator.
func (plugin) GenerateCode(data *codegen.Data) error {
	g := &generator{data: data, values: make(map[string]*value)}
	g.reach(data.QueryRoot)
	slices.SortFunc(g.Objects, func(a, b *object) int { return strings.Compare(a.Name, b.Name) })
	for i, o := range g.Objects {
		o.Number = i
	}
	return templates.Render(templates.Options{
		PackageName: data.Config.Exec.Package, Filename: filepath.Join(data.Config.Exec.DirName, "plan.generated.go"),
		Template: template, Data: g, GeneratedHeader: true, Packages: data.Config.Packages,
	})
}

// generator has what the template needs.
type generator struct {
	Objects    []*object
	Interfaces []*codegen.Interface
	values     map[string]*value
	data       *codegen.Data
}

// object is an object type that queries can reach.
type object struct {
	*codegen.Object
	Number int
	Fields []*field
}

// HasLate reports whether the object has fields that can be written late.
func (o *object) HasLate() bool {
	return slices.ContainsFunc(o.Fields, func(f *field) bool { return f.Late() })
}

// field is a field that a plan can write.
type field struct {
	*codegen.Field
	Number int
	Value  *value
}

// value is how a Go value is written. There is one for each of gqlgen's marshal functions.
type value struct {
	*config.TypeReference
	Elem *value // of a list or a pointer; nil for others
	gen  *generator
}

// leftToGqlgen are fields of the federation specification that plans do not run.
var leftToGqlgen = []string{"_service"}

// reach adds an object, and all that its fields lead to.
func (g *generator) reach(o *codegen.Object) {
	if o == nil || o.IsReserved() || slices.ContainsFunc(g.Objects, func(known *object) bool { return known.Name == o.Name }) {
		return
	}
	out := &object{Object: o}
	g.Objects = append(g.Objects, out)
	for _, f := range o.Fields {
		if f.IsReserved() || slices.Contains(leftToGqlgen, f.Name) {
			continue
		}
		out.Fields = append(out.Fields, &field{f, len(out.Fields) + 1, g.value(f.TypeReference)})
		def := f.TypeReference.Definition
		switch {
		case def.Kind == ast.Object:
			g.reach(g.data.Objects.ByName(def.Name))
		case def.IsCompositeType():
			if i := g.data.Interfaces[def.Name]; !slices.Contains(g.Interfaces, i) {
				g.Interfaces = append(g.Interfaces, i)
			}
			for _, possible := range g.data.Schema.GetPossibleTypes(def) {
				g.reach(g.data.Objects.ByName(possible.Name))
			}
		}
	}
}

func (g *generator) value(ref *config.TypeReference) *value {
	key := ref.UniquenessKey()
	if v, ok := g.values[key]; ok {
		return v
	}
	v := &value{TypeReference: ref, gen: g}
	g.values[key] = v
	if ref.IsSlice() || ref.IsPtrToSlice() || ref.IsPtrToIntf() {
		v.Elem = g.value(ref.Elem())
	}
	return v
}

// Lists are all kinds of lists.
func (g *generator) Lists() []*value {
	var out []*value
	for _, v := range g.values {
		if v.IsSlice() {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b *value) int { return strings.Compare(a.UniquenessKey(), b.UniquenessKey()) })
	return out
}

// Interfaces in the order of their names, for the template.
func (g *generator) Abstract() []*codegen.Interface {
	slices.SortFunc(g.Interfaces, func(a, b *codegen.Interface) int { return strings.Compare(a.Name, b.Name) })
	return g.Interfaces
}

// NumberOf returns the number of an object type.
func (g *generator) NumberOf(name string) int {
	return slices.IndexFunc(g.Objects, func(o *object) bool { return o.Name == name })
}

// Composite reports whether a value has fields of its own.
func (v *value) Composite() bool { return v.Definition.IsCompositeType() }

// Interface reports whether the value is a Go interface.
func (v *value) Interface() bool { return types.IsInterface(v.GO) }

// Writes is the function that appends a leaf that is never null; "" if there is none. The value is a pointer's target.
func (v *value) Writes() string {
	if v.Marshaler == nil || v.Marshaler.Pkg().Path() != "github.com/99designs/gqlgen/graphql" {
		return ""
	}
	switch v.Marshaler.Name() {
	case "MarshalString", "MarshalID", "MarshalInt", "MarshalBoolean":
		return "plan.Append" + strings.TrimPrefix(v.Marshaler.Name(), "Marshal")
	}
	return ""
}

// Float reports whether the value is a Float, which some numbers are not.
func (v *value) Float() bool {
	return v.Marshaler != nil && v.Marshaler.Name() == "MarshalFloatContext"
}

// Appender is the function beside the marshal function that appends the value and reports whether it is not null; nil if there is none.
func (v *value) Appender() *types.Func {
	if v.Marshaler == nil {
		return nil
	}
	f, _ := v.Marshaler.Pkg().Scope().Lookup("Append" + strings.TrimPrefix(v.Marshaler.Name(), "Marshal")).(*types.Func)
	return f
}

// Pointer reports whether a leaf is a pointer to the type that is marshaled.
func (v *value) Pointer() bool { return v.IsNilable() && !v.IsTargetNilable() }

// Late reports whether the field is a leaf for which its getter may have to wait.
func (f *field) Late() bool {
	return (f.IsResolver || f.MethodHasContext) && len(f.Args) == 0 && !f.Value.Composite() && !f.TypeReference.GQL.NonNull && !f.TypeReference.IsSlice()
}

// Entities reports whether the field is that of federation for entities.
func (f *field) Entities() bool { return f.Name == "_entities" }

// Enters reports whether values below the field have a path, or its getter gets its context.
func (f *field) Enters() bool {
	return f.Value.Composite() || f.TypeReference.IsSlice() || len(f.Args) > 0
}

// HasError reports whether the getter returns an error.
func (f *field) HasError() bool { return f.IsResolver || f.IsMethod() && !f.NoErr }

// Call is the getter.
func (f *field) Call() string {
	if !f.IsResolver && f.IsVariable() {
		return "o." + f.GoFieldName
	}
	var args []string
	if f.IsResolver || f.MethodHasContext {
		args = append(args, "ctx")
	}
	on := "o."
	if f.IsResolver {
		on = "x.Resolvers." + strings.ToUpper(f.Object.Name[:1]) + f.Object.Name[1:] + "()."
		if !f.Object.Root {
			args = append(args, "o")
		}
	}
	for i := range f.Args {
		args = append(args, fmt.Sprintf("a%d", i))
	}
	return on + f.GoFieldName + "(" + strings.Join(args, ", ") + ")"
}

// Input is the type of an argument that is an input object of nothing but plain fields; nil for other arguments.
func (f *field) Input(a *codegen.FieldArgument) *codegen.Object { return f.Value.gen.input(a) }

func (g *generator) input(a *codegen.FieldArgument) *codegen.Object {
	if a.TypeReference.Definition.Kind != ast.InputObject || a.TypeReference.IsSlice() || a.TypeReference.IsOmittable {
		return nil
	}
	in := g.data.Inputs.ByName(a.TypeReference.Definition.Name)
	if in == nil || in.HasUnmarshal() || in.IsMap() || in.PointersInUnmarshalInput || len(in.InputObjectDirectives()) > 0 {
		return nil
	}
	for _, f := range in.Fields {
		if f.Default != nil || f.IsResolver || f.TypeReference.IsOmittable || len(f.ImplDirectives()) > 0 {
			return nil
		}
	}
	return in
}

// Inputs are the types of such arguments, in the order of their names.
func (g *generator) Inputs() []*codegen.Object {
	byName := make(map[string]*codegen.Object)
	for _, o := range g.Objects {
		for _, f := range o.Fields {
			for _, a := range f.Args {
				if in := g.input(a); in != nil {
					byName[in.Name] = in
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *codegen.Object) int { return strings.Compare(a.Name, b.Name) })
}

// NeedsContext reports whether the getter takes a context.
func (f *field) NeedsContext() bool { return f.IsResolver || f.MethodHasContext }

// QueryType is the name of the root type of queries.
func (g *generator) QueryType() string { return g.data.QueryRoot.Name }
