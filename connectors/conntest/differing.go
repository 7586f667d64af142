package conntest

import (
	"reflect"
	"slices"
	"unicode/utf8"
)

// valid reports whether all text in a record is UTF-8.
func valid(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || valid(v.Elem())
	case reflect.Struct:
		for _, f := range v.Fields() {
			if !valid(f) {
				return false
			}
		}
	case reflect.Map:
		for key, item := range v.Seq2() {
			if !valid(key) || !valid(item) {
				return false
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return utf8.Valid(v.Bytes())
		}
		for _, item := range v.Seq2() {
			if !valid(item) {
				return false
			}
		}
	default: // contains no text
	}
	return true
}

// differing returns the names of the fields in which two records differ. Those of the details begin with Details and a dot.
func differing(a, b any) []string {
	x, y := flat("", reflect.ValueOf(a)), flat("", reflect.ValueOf(b))
	var names []string
	for name := range x {
		if !reflect.DeepEqual(x[name], y[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func flat(prefix string, v reflect.Value) map[string]any {
	fields := make(map[string]any)
	if !v.IsValid() {
		return fields
	}
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() { // what a connector derives from the other fields
			continue
		}
		name, f := prefix+v.Type().Field(i).Name, v.Field(i)
		if prefix == "" && f.Kind() == reflect.Interface && !f.IsNil() { // what only this kind tells
			for inner, value := range flat(name+".", f.Elem().Elem()) {
				fields[inner] = value
			}
			continue
		}
		fields[name] = f.Interface()
	}
	return fields
}
