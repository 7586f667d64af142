package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"roster/internal/nearest"
)

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
	case want == "!!bool" && oldBool(n):
		d.fault(path, "must be true or false: %s", boolWords)
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
			hint := ""
			if !d.fromEnv[path] {
				hint = nearest.Hint(text, f.oneOf)
			}
			d.fault(path, "must be one of %s%s", strings.Join(f.oneOf, ", "), hint)
		default:
			d.braces(text, path, false)
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
