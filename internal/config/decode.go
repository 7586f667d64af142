package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"roster/connectors"
	"roster/internal/nearest"
)

// maxNodes bounds the work that nested aliases can cause.
const maxNodes = 100_000

// decoder decodes a document into the types of setting.go. It continues after a fault, so that all faults are reported together.
type decoder struct {
	env    func(string) (string, bool)
	read   func(path string) ([]byte, error)
	dir    string // relative paths begin here
	faults Faults
	places map[string]place // of each setting in the file, by path
	bad    map[string]bool  // the paths of the faults, and of the settings that contain them
	nodes  int

	secretFiles []SecretFile    // that the file names
	fromEnv     map[string]bool // the paths of the settings whose values come from the environment
}

func newDecoder(env func(string) (string, bool), read func(string) ([]byte, error)) *decoder {
	return &decoder{env: env, read: read, places: make(map[string]place), bad: make(map[string]bool), fromEnv: make(map[string]bool)}
}

// fault adds a fault of the setting at the path. If the setting is not in the file, the place is that of the setting that contains it.
func (d *decoder) fault(path, format string, args ...any) {
	at := path
	for at != "" && !d.inFile(at) {
		at = outer(at)
	}
	d.faultAt(path, d.places[at], fmt.Sprintf(format, args...))
}

func (d *decoder) faultAt(path string, at place, message string) {
	d.faults = append(d.faults, Fault{Path: path, Line: at.line, Column: at.column, Message: message})
	for at := path; at != ""; at = outer(at) {
		d.bad[at] = true
	}
}

// place is where something is in the file; zero if it is not there. Both numbers begin at 1.
type place struct{ line, column int }

func placeOf(n *yaml.Node) place { return place{n.Line, n.Column} }

// inFile reports whether the file has the setting.
func (d *decoder) inFile(path string) bool { return d.places[path].line > 0 }

// outer returns the path of the setting that contains the path.
func outer(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// faulty reports whether this setting, or one in it, has a fault already. One fault is enough.
func (d *decoder) faulty(path string) bool { return d.bad[path] }

// at resolves aliases, and records the place of the node.
func (d *decoder) at(n *yaml.Node, path string) (*yaml.Node, bool) {
	if path != "" {
		d.places[path] = placeOf(n)
	}
	for hops := 0; n.Kind == yaml.AliasNode && n.Alias != nil && hops < 10; hops++ {
		n = n.Alias
	}
	if d.nodes++; d.nodes > maxNodes {
		return n, false
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		d.fault(path, "has no value: give one, or leave the key out")
		return n, false
	}
	return n, true
}

// entries returns the pairs of a mapping. A key that is not text, or is repeated, is a fault.
func (d *decoder) entries(n *yaml.Node, path string) ([][2]*yaml.Node, bool) {
	n, ok := d.at(n, path)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		d.fault(path, "must be a mapping")
		return nil, false
	}
	var pairs [][2]*yaml.Node
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		sub := join(path, shownKey(k, v))
		switch {
		case k.Kind != yaml.ScalarNode || k.ShortTag() == "!!merge":
			d.faultAt(sub, placeOf(k), "unknown key: a key must be text, and << is not supported")
		case seen[k.Value]:
			d.faultAt(sub, placeOf(k), "given twice: remove one of the two")
		default:
			seen[k.Value] = true
			pairs = append(pairs, [2]*yaml.Node{k, v})
		}
	}
	return pairs, true
}

var keyForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// hiddenKey stands for a key that is not shown.
const hiddenKey = "?"

// shownKey returns a key for a message. It hides a key that does not look like one, or has no value: it may be a secret after a forgotten colon.
func shownKey(k, v *yaml.Node) string {
	if k.Kind != yaml.ScalarNode || !keyForm.MatchString(k.Value) || v.ShortTag() == "!!null" {
		return hiddenKey
	}
	return k.Value
}

// mapping fills a struct with the values of the file, and with the defaults of the other settings. Variant is the kind or the collection whose
// own defaults apply.
func (d *decoder) mapping(n *yaml.Node, path string, into reflect.Value, variant string) {
	fields := fieldsOf(into.Type())
	var pairs [][2]*yaml.Node
	if n != nil {
		var ok bool
		if pairs, ok = d.entries(n, path); !ok {
			return
		}
	}
	if at := slices.IndexFunc(fields, func(f field) bool { return f.ofKind }); at >= 0 {
		for _, kv := range pairs { // before the settings that depend on it
			if kv[0].Value == "kind" {
				variant = d.text(kv[1])
			}
		}
		fields = slices.Replace(fields, at, at+1, d.kindSettings(connectors.KindName(variant), into.Field(fields[at].index))...)
	}
	values := make(map[string]*yaml.Node)
	for _, kv := range pairs {
		switch key := kv[0].Value; {
		case slices.ContainsFunc(fields, func(f field) bool { return f.is(key) }):
			values[key] = kv[1]
		case slices.ContainsFunc(fields, func(f field) bool { return f.key == "kind" }) && kindsWith(key) != nil:
			d.foreign(path, key, kv[1], connectors.KindName(variant))
		default:
			var known []string
			for _, f := range fields {
				if known = append(known, f.keys()...); f.key == "kind" && connectors.KindNamed(connectors.KindName(variant)) == nil {
					for _, f := range allKindFields() { // the kind may be misspelt
						known = append(known, f.keys()...)
					}
				}
			}
			d.unknown("key", path, kv, known)
		}
	}
	for _, f := range fields {
		sub, v := join(path, f.key), f.in(into)
		node := values[f.key]
		switch {
		case f.secret() && f.def != "" && node == nil && values[f.key+"_file"] == nil: // optional
		case f.secret():
			v.SetString(d.secret(node, values[f.key+"_file"], sub))
		case node != nil:
			d.value(node, sub, v, f, variant)
		case f.required || f.requiredBy(connectors.KindName(variant)):
			d.fault(sub, "is required%s", choices(f))
		default:
			d.missing(sub, v, f, variant)
		}
	}
}

// choices ends a message with the values of a setting that has only some.
func choices(f field) string {
	if len(f.oneOf) == 0 {
		return ""
	}
	number := "one"
	if f.typ.Kind() == reflect.Slice {
		number = "one or more"
	}
	return ": " + number + " of " + strings.Join(f.oneOf, ", ")
}

// kindSettings creates the settings of the source's kind, and returns their fields.
func (d *decoder) kindSettings(name connectors.KindName, into reflect.Value) []field {
	k := connectors.KindNamed(name)
	if k == nil {
		return nil
	}
	fields := kindFields(k)
	if len(fields) > 0 {
		into.Set(fields[0].of.Addr())
	}
	return fields
}

// foreign refuses a setting of another kind, unless the source's kind is unknown.
func (d *decoder) foreign(path, key string, value *yaml.Node, kind connectors.KindName) {
	if connectors.KindNamed(kind) != nil {
		sub := join(path, key)
		d.places[sub] = placeOf(value)
		d.fault(sub, "is for %s only", strings.Join(kindsWith(key), " and "))
	}
}

func (d *decoder) missing(path string, v reflect.Value, f field, variant string) {
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(nil, path, v, variant)
	case reflect.Map:
		d.collections(nil, path, v)
	default:
		if def := f.defaultFor(variant); def != "" {
			d.scalar(def, path, v, f)
		}
	}
}

func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, f field, variant string) {
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, path, v, variant)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.mapping(n, path, v.Elem(), variant)
	case reflect.Map:
		d.collections(n, path, v)
	case reflect.Slice:
		d.list(n, path, v, f, variant)
	default:
		if text, ok := d.plain(n, path, v); ok {
			d.scalar(text, path, v, f)
		}
	}
}

func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, f field, variant string) {
	n, ok := d.at(n, path)
	if !ok {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.fault(path, "must be a list")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, fmt.Sprintf("%s[%d]", path, i), v.Index(i), f, variant)
		if d.nodes > maxNodes {
			return
		}
	}
}

// boolWords explains why no is not false.
const boolWords = "YAML reads yes, no, on and off as text, so write true or false without quotes"

// oldBool reports whether a scalar is text that was a boolean in YAML 1.1, or that is one in quotes.
func oldBool(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && slices.Contains([]string{"yes", "no", "on", "off", "y", "n", "true", "false"}, strings.ToLower(n.Value))
}

// fewKeys is how many keys a message can list.
const fewKeys = 12

// unknown adds the fault of a key that is not known.
func (d *decoder) unknown(what, path string, kv [2]*yaml.Node, known []string) {
	shown, hint := shownKey(kv[0], kv[1]), ""
	if shown != hiddenKey {
		hint = nearest.Hint(shown, known)
	}
	switch {
	case hint != "":
	case shown == hiddenKey:
		hint = "; is a colon missing after the key?"
	case len(known) <= fewKeys:
		hint = "; there are " + strings.Join(known, ", ")
	default:
		hint = "; docs/settings.md lists all"
	}
	d.faultAt(join(path, shown), placeOf(kv[0]), "unknown "+what+hint)
}

// collections fills the map of all collections, with their defaults. It does not know which of them the source has.
func (d *decoder) collections(n *yaml.Node, path string, v reflect.Value) {
	all := make(collectionsFile)
	values := make(map[string]*yaml.Node)
	if n != nil {
		pairs, _ := d.entries(n, path)
		for _, kv := range pairs {
			values[kv[0].Value] = kv[1]
			if !slices.ContainsFunc(connectors.AllCollections[:], func(c connectors.Collection) bool { return c.String() == kv[0].Value }) {
				var known []string
				for _, c := range connectors.AllCollections {
					known = append(known, c.String())
				}
				d.unknown("collection", path, kv, known)
			}
		}
	}
	for _, c := range connectors.AllCollections {
		var settings collectionFile
		node, sub := values[c.String()], join(path, c.String())
		if node != nil && node.Kind == yaml.ScalarNode && node.ShortTag() == "!!bool" {
			d.places[sub] = placeOf(node)
			if node.Value == "false" || node.Value == "False" || node.Value == "FALSE" {
				continue
			}
			node = nil
		}
		if node != nil && oldBool(node) {
			d.places[sub] = placeOf(node)
			d.fault(sub, "must be true, false or a mapping: %s", boolWords)
			continue
		}
		d.mapping(node, sub, reflect.ValueOf(&settings).Elem(), c.String())
		all[c] = settings
	}
	v.Set(reflect.ValueOf(all))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
