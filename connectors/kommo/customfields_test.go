package kommo

import (
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
	got := make(map[string]connectors.Attributes)
	for _, c := range l.Records {
		if c.Custom != nil {
			got[c.ID] = *c.Custom
		}
	}
	want := map[string]connectors.Attributes{
		"1": {{Name: "91777", Value: "2022-01-01T00:00:00Z"}, {Name: "Rating", Value: "4.50"}, {Name: "91779", Value: "Ships"}, {Name: "91779", Value: "Tea"},
			{Name: "VIP", Value: "true"}, {Name: "PHONE", Value: "+34600111222"}},
		"3": {{Name: "91779", Value: "Tea"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	anomalies := []connectors.Anomaly{
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

// Whoever asks for a number gets the seconds of a date.
func TestADateAsANumber(t *testing.T) {
	t.Parallel()
	body := []byte(`{"_page":1,"_links":{"self":{"href":"/"}},"_embedded":{"contacts":[{"id":1,"custom_fields_values":[
		{"field_id":91777,"field_name":"Customer since","field_type":"date","values":[{"value":1640995200}]}]}]}}`)
	l, err := understood(reply(body), "contacts", contactConverter{custom: []connectors.CustomField{{Path: "91777", Name: "n", Type: connectors.CustomNumber}}}.convert)
	if err != nil || l.Records[0].Custom == nil || (*l.Records[0].Custom)[0].Value != "1640995200" {
		t.Errorf("got %v, error %v", l.Records, err)
	}
}
