package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"roster/connectors"
)

// Setting describes one key of the file.
type Setting struct {
	Path    string // such as sources[].collections.<collection>.fresh_for
	Type    string
	Default string // empty if it is required
	Doc     string
}

// Settings lists every key of the file, in the order of the documentation.
func Settings() []Setting {
	return settingsOf(fieldsOf(reflect.TypeFor[rootFile]()), "", nil)
}

// settingsOf describes the fields below a path. Needs has, for each kind, the fields that are required.
func settingsOf(fields []field, prefix string, needs map[string][]string) []Setting {
	var all []Setting
	for _, f := range fields {
		if f.ofKind {
			all = append(all, settingsOf(allKindFields(), prefix, nil)...)
			continue
		}
		path, doc := prefix+f.key, f.doc
		switch {
		case len(f.kinds) > 0 && f.required:
			doc = "For " + f.kindNames() + ", required there. " + doc
		case len(f.kinds) > 0:
			doc = "For " + f.kindNames() + ". " + doc
		case f.required && saysRequired(prefix):
			doc = "Required in " + strings.TrimSuffix(strings.TrimPrefix(prefix, "sources[]."), ".") + ". " + doc
		}
		for _, kind := range slices.Sorted(maps.Keys(needs)) {
			if slices.Contains(needs[kind], f.key) {
				doc += " Required for " + kind + "."
			}
		}
		all = append(all, Setting{Path: path, Type: f.typeName(), Default: f.shownDefault(), Doc: doc})
		if f.secret() {
			all = append(all, Setting{Path: path + "_file", Type: "path",
				Doc: "A file that holds " + f.key + ", in its place. Relative to the configuration file."})
		}
		switch ft := f.typ; {
		case ft.Kind() == reflect.Struct:
			all = append(all, settingsOf(fieldsOf(ft), path+".", nil)...)
		case ft.Kind() == reflect.Pointer:
			all = append(all, settingsOf(fieldsOf(ft.Elem()), path+".", f.needs)...)
		case ft.Kind() == reflect.Map:
			all = append(all, settingsOf(fieldsOf(ft.Elem()), path+".<collection>.", nil)...)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct:
			all = append(all, settingsOf(fieldsOf(ft.Elem()), path+"[].", nil)...)
		}
	}
	return all
}

// saysRequired reports whether the setting at the path is optional, so that a required setting in it is described as required in it.
func saysRequired(prefix string) bool {
	below, inSource := strings.CutPrefix(prefix, "sources[].")
	return prefix == "trusted_documents." || prefix == "tls." || inSource && strings.Count(below, ".") == 1
}

func (f field) shownDefault() string {
	shown := strings.TrimSuffix(strings.TrimPrefix(f.def, "("), ")")
	for _, name := range slices.Sorted(maps.Keys(f.except)) {
		shown += " (" + name + ": " + f.except[name] + ")"
	}
	if f.key == freshForKey {
		for _, k := range connectors.Kinds() {
			for _, c := range k.Collections {
				if c.FreshFor > 0 {
					shown += " (" + c.Collection.String() + " of " + string(k.Name) + ": " + formatDuration(c.FreshFor) + ")"
				}
			}
		}
	}
	return shown
}

// incremental names the collections that are fetched incrementally.
func incremental() string {
	var names []string
	for _, k := range connectors.Kinds() {
		for _, c := range k.Collections {
			if c.Incremental {
				names = append(names, "the "+c.Collection.String()+" of "+string(k.Name))
			}
		}
	}
	return strings.Join(names, " and ")
}
