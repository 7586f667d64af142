package config

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"roster/connectors"
)

// field is a setting, as described by its tags.
type field struct {
	index         int
	of            reflect.Value // the struct of the setting, if it is not the one that is decoded
	typ           reflect.Type
	key, doc      string
	def           string
	except        map[string]string // default by kind or collection
	required      bool
	byKind        bool     // required if the kind has an address
	ofKind        bool     // the settings of the source's kind are here
	kinds         []string // the kinds that have it; nil for all
	min, max      string
	oneOf         []string
	or            string              // the setting that can take its place
	needs         map[string][]string // by kind, the required settings of an OAuth
	typeNameGiven string
}

func fieldsOf(t reflect.Type) []field {
	var fs []field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get
		f := field{index: i, typ: sf.Type, key: tag("key"), doc: tag("doc"), def: tag("default"), required: tag("required") == "yes", byKind: tag("required") == byKinds,
			ofKind: tag("kind") == "yes", min: tag("min"), max: tag("max"), oneOf: strings.Fields(tag("oneof")), or: tag("or"), typeNameGiven: tag("type")}
		if name, value, ok := strings.Cut(tag("except"), "="); ok {
			f.except = map[string]string{name: value}
		}
		f.complete(tag("except"))
		fs = append(fs, f)
	}
	return fs
}

// complete replaces the words in parentheses by the values of the registered kinds.
func (f *field) complete(except string) {
	if slices.Equal(f.oneOf, []string{byKinds}) {
		f.oneOf = nil
		for _, k := range connectors.Kinds() {
			f.oneOf = append(f.oneOf, string(k.Name))
		}
	}
	if except == byKinds {
		f.except = make(map[string]string)
		for _, k := range connectors.Kinds() {
			if trust := trustName(k.EmailTrust); trust != f.def {
				f.except[string(k.Name)] = trust
			}
		}
	}
	f.doc = strings.ReplaceAll(f.doc, "(incremental)", incremental())
	f.doc = strings.ReplaceAll(f.doc, "(tokens)", kindsWithHookToken())
}

// byKinds stands for the values of the registered kinds.
const byKinds = "(kinds)"

// kindFields returns the settings of one kind.
func kindFields(k *connectors.Kind) []field {
	if k.Settings == nil {
		return nil
	}
	v := reflect.ValueOf(k.Settings()).Elem()
	fs := fieldsOf(v.Type())
	for i := range fs {
		f := &fs[i]
		f.of, f.kinds, f.required = v, []string{string(k.Name)}, f.def == ""
		if needs := strings.Fields(v.Type().Field(f.index).Tag.Get("needs")); needs != nil {
			f.needs = map[string][]string{string(k.Name): needs}
		}
	}
	return fs
}

// allKindFields returns the settings of all kinds. A setting that several kinds describe alike is there once, after the settings that precede it in
// any of them.
func allKindFields() []field {
	var all []field
	for _, k := range connectors.Kinds() {
		for _, f := range kindFields(k) {
			if i := slices.IndexFunc(all, f.alike); i >= 0 {
				f = f.with(all[i])
				all = slices.Delete(all, i, i+1)
			}
			all = append(all, f)
		}
	}
	return all
}

func (f field) alike(other field) bool {
	return f.key == other.key && f.typ == other.typ && f.doc == other.doc && f.def == other.def && f.min == other.min && f.max == other.max &&
		slices.Equal(f.oneOf, other.oneOf) && f.typeNameGiven == other.typeNameGiven
}

// with returns the setting with the kinds of an earlier one added before its own.
func (f field) with(earlier field) field {
	f.kinds = append(slices.Clone(earlier.kinds), f.kinds...)
	needs := make(map[string][]string)
	for _, from := range []field{earlier, f} {
		for kind, keys := range from.needs {
			needs[kind] = keys
		}
	}
	f.needs = needs
	return f
}

// kindsWith lists the kinds that have a setting of that key, or of that key with _file behind it.
func kindsWith(key string) []string {
	var kinds []string
	for _, f := range allKindFields() {
		if f.is(key) {
			kinds = append(kinds, f.kinds...)
		}
	}
	return kinds
}

// is reports whether a key of the file belongs to this setting.
func (f field) is(key string) bool { return f.key == key || f.secret() && f.key+"_file" == key }

// keys returns the keys of the file that belong to this setting.
func (f field) keys() []string {
	if f.secret() {
		return []string{f.key, f.key + "_file"}
	}
	return []string{f.key}
}

// in returns the value of the setting in the struct that is decoded.
func (f field) in(into reflect.Value) reflect.Value {
	if f.of.IsValid() {
		into = f.of
	}
	return into.Field(f.index)
}

// requiredBy reports whether a source of the kind requires the setting.
func (f field) requiredBy(kind connectors.KindName) bool {
	k := connectors.KindNamed(kind)
	return f.byKind && (k == nil || !k.NoURL)
}

func (f field) kindNames() string { return strings.Join(f.kinds, " and ") }

func (f field) secret() bool { return f.typ == reflect.TypeFor[connectors.Secret]() }

// defaultFor returns the default of the setting; empty means the zero value.
func (f field) defaultFor(variant string) string {
	if v, ok := f.except[variant]; ok {
		return v
	}
	if strings.HasPrefix(f.def, "(") {
		return ""
	}
	return f.def
}

func (f field) typeName() string {
	switch {
	case f.typeNameGiven != "":
		return f.typeNameGiven
	case len(f.oneOf) > 0:
		return strings.Join(f.oneOf, ", ")
	case f.secret():
		return "secret"
	case f.typ == reflect.TypeFor[time.Duration]():
		return "duration"
	}
	switch f.typ.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "number"
	case reflect.Slice:
		if f.typ.Elem().Kind() == reflect.Struct {
			return "list of mappings"
		}
		return "list"
	default:
		return "mapping"
	}
}
