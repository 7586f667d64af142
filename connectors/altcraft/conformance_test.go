package altcraft_test

import (
	"testing"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/altcraft/fake"
	"roster/connectors/conntest"
)

func subject(format string) conntest.Subject {
	s := conntest.Subject{
		Open:   altcraft.Open,
		Config: connectors.Config{Kind: altcraft.Name, Settings: &altcraft.Settings{Token: adminToken, AccountID: 9, Format: format}},
		Fake:   fake.New(company(), fake.Options{NoLimits: true, Prefix: conntest.Prefix}),
		Totals: []string{"total_count"},
	}
	if format == "json" { // the checks of rows change JSON
		s.Kind = &altcraft.Kind
	}
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "xml"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			conntest.Run(t, subject(format))
		})
	}
}

func TestMemory(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Memory(t, subject("xml"))
}
