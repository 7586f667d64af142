package kommo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// The custom fields of the dossier's contact, and others of each type, as the settings name them.
func TestCustomFields(t *testing.T) {
	t.Parallel()
	body := []byte(`{"_page":1,"_links":{"self":{"href":"/"}},"_embedded":{"contacts":[
		{"id":1,"name":"Marta","custom_fields_values":[
			{"field_id":90101,"field_name":"Phone","field_code":"PHONE","field_type":"multitext","values":[{"value":"+34600111222","enum_code":"WORK"}]},
			{"field_id":91777,"field_name":"Customer since","field_code":null,"field_type":"date","values":[{"value":1640995200}]},
			{"field_id":91778,"field_name":"Rating","field_code":null,"field_type":"numeric","values":[{"value":"4.50"}]},
			{"field_id":91779,"field_name":"Interests","field_code":null,"field_type":"multiselect","values":[{"value":"Ships","enum_id":1},{"value":"Tea","enum_id":2}]},
			{"field_id":91780,"field_name":"91779","field_code":"VIP","field_type":"checkbox","values":[{"value":true}]},
			{"field_id":91781,"field_name":"Rating","field_code":null,"field_type":"text","values":[{"value":"second"}]}]},
		{"id":2,"name":"No fields","custom_fields_values":null},
		{"id":3,"name":"Odd","custom_fields_values":[
			{"field_id":91777,"field_name":"Customer since","field_type":"date","values":[{"value":"soon"}]},
			{"field_id":91778,"field_name":"Rating","field_type":"numeric","values":[{"value":"abc"}]},
			{"field_id":91779,"field_name":"Interests","field_type":"multiselect","values":[{"value":{"a":1}},{"value":null},{"value":"Tea"}]},
			{"field_id":91780,"field_name":"VIP","field_code":"VIP","field_type":"checkbox","values":[]}]}]}}`)
	field := func(path, name string, t connectors.CustomType) connectors.CustomField {
		return connectors.CustomField{Path: path, Name: name, Type: t}
	}
	convert := contactConverter{custom: []connectors.CustomField{
		field("91777", "since", connectors.CustomDate), field("Rating", "rating", connectors.CustomNumber),
		field("91779", "interests", connectors.CustomList), field("VIP", "vip", connectors.CustomBoolean), field("PHONE", "phones", connectors.CustomList),
	}}.convert
	l, err := understood(reply(body), "contacts", convert)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]connectors.CustomValues)
	for _, c := range l.Records {
		if c.Custom != nil {
			got[c.ID] = *c.Custom
		}
	}
	plain := func(path, value string) connectors.CustomValue {
		return connectors.CustomValue{Path: path, Value: value}
	}
	date := connectors.CustomValue{Path: "91777", Value: "1640995200", Form: connectors.CustomInstant}
	named := func(value, field string) connectors.CustomValue {
		v := plain("Rating", value)
		v.Field = field
		return v
	}
	first, code := "n"+strings.Repeat(" ", 27)+"91778", "c"+strings.Repeat(" ", 27)
	coded := func(path, value, id string) connectors.CustomValue {
		return connectors.CustomValue{Path: path, Value: value, Field: code + id}
	}
	want := map[string]connectors.CustomValues{
		"1": {date, named("4.50", first), plain("91779", "Ships"), plain("91779", "Tea"), coded("VIP", "true", "91780"), coded("PHONE", "+34600111222", "90101")},
		"3": {plain("91777", "soon"), named("abc", first), plain("91779", "Tea")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	anomalies := []connectors.Anomaly{
		{Field: "custom_fields_values.rating", Count: 1, Example: connectors.AnotherField},
		{Field: "custom_fields_values.values.interests", Count: 1, Example: "object"},
		{Field: "custom_fields_values.values.rating", Count: 1, Example: "string"},
		{Field: "custom_fields_values.values.since", Count: 1, Example: "string"},
	}
	if diff := cmp.Diff(anomalies, l.Anomalies); diff != "" {
		t.Errorf("anomalies (-want +got)\n%s", diff)
	}
	without, err := understood(reply(body), "contacts", contactConverter{}.convert)
	if err != nil || without.Records[0].Custom != nil || without.Anomalies != nil {
		t.Errorf("without the setting: %v, %v, error %v", without.Records[0].Custom, without.Anomalies, err)
	}
}

// The custom fields of two contacts are those of one field for each path, although a contact has only those that are not empty. A path of digits is an ID only.
func TestFieldsOfOneName(t *testing.T) {
	t.Parallel()
	body := []byte(`{"_page":1,"_links":{"self":{"href":"/"}},"_embedded":{"contacts":[
		{"id":1,"custom_fields_values":[
			{"field_id":7,"field_name":"Rating","field_type":"text","values":[{"value":"seven"}]},
			{"field_id":10,"field_name":"Rating","field_type":"text","values":[{"value":"ten"}]}]},
		{"id":2,"custom_fields_values":[{"field_id":10,"field_name":"Rating","field_type":"text","values":[{"value":"ten"}]}]},
		{"id":3,"custom_fields_values":[{"field_id":8,"field_name":"91779","field_type":"text","values":[{"value":"named as an ID"}]}]}]}}`)
	c := contactConverter{custom: []connectors.CustomField{{Path: "Rating", Name: "rating"}, {Path: "91779", Name: "other"}}, names: new(fieldNames)}
	l, err := understood(reply(body), "contacts", c.convert)
	if err != nil {
		t.Fatal(err)
	}
	one, two := *l.Records[0].Custom, *l.Records[1].Custom
	if len(one) != 1 || one[0].Value != "seven" || len(two) != 1 || two[0].Value != "ten" || one[0].Field >= two[0].Field {
		t.Errorf("got %v and %v: the directory cannot tell the fields apart", one, two)
	}
	if got := l.Records[2].Custom; got != nil {
		t.Errorf("a path of digits has found a name: %v", *got)
	}
	if diff := cmp.Diff([]connectors.Anomaly{{Field: "custom_fields_values.rating", Count: 2, Example: connectors.AnotherField}}, l.Anomalies); diff != "" {
		t.Errorf("anomalies (-want +got)\n%s", diff)
	}
}
