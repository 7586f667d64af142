package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"roster/connectors"
)

// maxNodes bounds the work that nested aliases can cause.
const maxNodes = 100_000

// decoder decodes a document into the types of setting.go. It continues after a fault, so that all faults are reported together.
type decoder struct {
	env    func(string) (string, bool)
	read   func(path string) ([]byte, error)
	dir    string // relative paths begin here
	faults Faults
	lines  map[string]int  // of each setting in the file, by path
	bad    map[string]bool // the paths of the faults, and of the settings that contain them
	nodes  int

	fromEnv map[string]bool // the paths of the settings whose values come from the environment
}

func newDecoder(env func(string) (string, bool), read func(string) ([]byte, error)) *decoder {
	return &decoder{env: env, read: read, lines: make(map[string]int), bad: make(map[string]bool), fromEnv: make(map[string]bool)}
}

// fault adds a fault of the setting at the path. If the setting is not in the file, the line is that of the setting that contains it.
func (d *decoder) fault(path, format string, args ...any) {
	at := path
	for at != "" && d.lines[at] == 0 {
		at = outer(at)
	}
	d.faultAt(path, d.lines[at], fmt.Sprintf(format, args...))
}

func (d *decoder) faultAt(path string, line int, message string) {
	d.faults = append(d.faults, Fault{Path: path, Line: line, Message: message})
	for at := path; at != ""; at = outer(at) {
		d.bad[at] = true
	}
}

// outer returns the path of the setting that contains the path.
func outer(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// faulty reports whether this setting, or one in it, has a fault already. One fault is enough.
func (d *decoder) faulty(path string) bool { return d.bad[path] }

// at resolves aliases, and records the line of the node.
func (d *decoder) at(n *yaml.Node, path string) (*yaml.Node, bool) {
	if path != "" {
		d.lines[path] = n.Line
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
			d.faultAt(sub, k.Line, "unknown key")
		case seen[k.Value]:
			d.faultAt(sub, k.Line, "given twice")
		default:
			seen[k.Value] = true
			pairs = append(pairs, [2]*yaml.Node{k, v})
		}
	}
	return pairs, true
}

var keyForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,39}$`)

// shownKey returns a key for a message. It hides a key that does not look like one, or has no value: it may be a secret after a forgotten colon.
func shownKey(k, v *yaml.Node) string {
	if k.Kind != yaml.ScalarNode || !keyForm.MatchString(k.Value) || v.ShortTag() == "!!null" {
		return "?"
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
			d.faultAt(join(path, shownKey(kv[0], kv[1])), kv[0].Line, "unknown key")
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
			d.fault(sub, "is required")
		default:
			d.missing(sub, v, f, variant)
		}
	}
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
		d.lines[sub] = value.Line
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

// collections fills the map of all collections, with their defaults. It does not know which of them the source has.
func (d *decoder) collections(n *yaml.Node, path string, v reflect.Value) {
	all := make(collectionsFile)
	values := make(map[string]*yaml.Node)
	if n != nil {
		pairs, _ := d.entries(n, path)
		for _, kv := range pairs {
			values[kv[0].Value] = kv[1]
			if !slices.ContainsFunc(connectors.AllCollections[:], func(c connectors.Collection) bool { return c.String() == kv[0].Value }) {
				d.faultAt(join(path, shownKey(kv[0], kv[1])), kv[0].Line, "unknown collection")
			}
		}
	}
	for _, c := range connectors.AllCollections {
		var settings collectionFile
		node, sub := values[c.String()], join(path, c.String())
		if node != nil && node.Kind == yaml.ScalarNode && node.ShortTag() == "!!bool" {
			d.lines[sub] = node.Line
			if node.Value == "false" || node.Value == "False" || node.Value == "FALSE" {
				continue
			}
			node = nil
		}
		d.mapping(node, sub, reflect.ValueOf(&settings).Elem(), c.String())
		all[c] = settings
	}
	v.Set(reflect.ValueOf(all))
}

// plain returns the text of a scalar of the required YAML type. A value from the environment is always text.
func (d *decoder) plain(n *yaml.Node, path string, v reflect.Value) (string, bool) {
	n, ok := d.at(n, path)
	if !ok {
		return "", false
	}
	if n.Kind != yaml.ScalarNode {
		d.fault(path, "must be a single value")
		return "", false
	}
	text, fromEnv, ok := d.expand(n.Value, path)
	d.fromEnv[path] = fromEnv
	if !ok {
		return "", false
	}
	want := "!!str"
	switch v.Kind() {
	case reflect.Bool:
		want = "!!bool"
	case reflect.Int, reflect.Int64:
		if v.Type() != reflect.TypeFor[time.Duration]() {
			want = "!!int"
		}
	case reflect.Float64:
		want = "!!float"
	}
	switch tag := n.ShortTag(); {
	case tag == want, fromEnv && tag == "!!str", want == "!!float" && tag == "!!int":
		return text, true
	case v.Type() == reflect.TypeFor[time.Duration]():
		d.fault(path, "must be a duration with a unit, such as 30s, 5m, 12h or 7d")
	case isAddress(path) && tag == "!!int":
		d.fault(path, hostAndPort)
	case want == "!!str":
		d.fault(path, "must be text: put it in quotes")
	case want == "!!bool":
		d.fault(path, "must be true or false")
	case want == "!!float":
		d.fault(path, "must be a number, without quotes")
	default:
		d.fault(path, "must be a whole number, without quotes")
	}
	return "", false
}

// scalar parses a single value, and checks its bounds.
func (d *decoder) scalar(text, path string, v reflect.Value, f field) {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		value, ok := parseDuration(text)
		if !ok {
			d.fault(path, "must be a duration with a unit, such as 30s, 5m, 12h or 7d")
			return
		}
		least, _ := parseDuration(f.min)
		most, _ := parseDuration(f.max)
		if value < least || value > most {
			d.fault(path, "must be from %s to %s", f.min, f.max)
		}
		v.SetInt(int64(value))
	case v.Kind() == reflect.Bool:
		value, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			d.fault(path, "must be true or false")
		}
		v.SetBool(value)
	case v.CanInt():
		d.number(text, path, v, f)
	case v.CanFloat():
		d.fraction(text, path, v, f)
	default:
		switch {
		case text == "":
			d.fault(path, "is empty")
		case len(f.oneOf) > 0 && !slices.Contains(f.oneOf, text):
			d.fault(path, "must be one of %s", strings.Join(f.oneOf, ", "))
		}
		if f.typeNameGiven == "path" {
			text = below(d.dir, text)
		}
		v.SetString(text)
	}
}

func (d *decoder) number(text, path string, v reflect.Value, f field) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v.OverflowInt(value) {
		d.fault(path, "must be a whole number")
		return
	}
	least, _ := strconv.ParseInt(f.min, 10, 64)
	most, err := strconv.ParseInt(f.max, 10, 64)
	switch {
	case err != nil && value < least:
		d.fault(path, "must be at least %s", f.min)
	case err == nil && (value < least || value > most):
		d.fault(path, "must be from %s to %s", f.min, f.max)
	}
	v.SetInt(value)
}

func (d *decoder) fraction(text, path string, v reflect.Value, f field) {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.fault(path, "must be a number")
		return
	}
	least, _ := strconv.ParseFloat(f.min, 64)
	most, _ := strconv.ParseFloat(f.max, 64)
	if !(value >= least && value <= most) { // false for NaN too
		d.fault(path, "must be from %s to %s", f.min, f.max)
	}
	v.SetFloat(value)
}

// text returns the text of a scalar that is decoded later. It reports no fault.
func (d *decoder) text(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		n = n.Alias
	}
	quiet := newDecoder(d.env, d.read)
	text, _, _ := quiet.expand(n.Value, "")
	return text
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
