package connectors

import (
	"fmt"
	"reflect"
)

// SettingFault is one thing wrong with a setting.
type SettingFault struct {
	Key     string
	Message string // what is wrong and what to do; never the value
}

// SettingsOf returns the settings of a source as its kind's type; those of another type, or nil, are empty ones.
func SettingsOf[T any](cfg Config) *T {
	if s, ok := cfg.Settings.(*T); ok && s != nil {
		return s
	}
	return new(T)
}

// SettingsFrom makes the kind's own settings of values by their keys, for a program that has no configuration file. Nothing is checked but that the
// keys are known and the values of the right type.
func (k *Kind) SettingsFrom(values map[string]any) (any, error) {
	if k.Settings == nil {
		return nil, nil //nolint:nilnil // the kind has none
	}
	settings := k.Settings()
	v := reflect.ValueOf(settings).Elem()
	set := 0
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("key")
		value, given := values[key]
		if !given {
			continue
		}
		given = value != nil && reflect.TypeOf(value).ConvertibleTo(v.Field(i).Type()) && (reflect.TypeOf(value).Kind() == reflect.String) == (v.Field(i).Kind() == reflect.String)
		if !given {
			return nil, fmt.Errorf("%s: a value of type %T does not fit", key, value)
		}
		v.Field(i).Set(reflect.ValueOf(value).Convert(v.Field(i).Type()))
		set++
	}
	if set < len(values) {
		return nil, fmt.Errorf("kind %s does not have all of these settings", k.Name)
	}
	return settings, nil
}
