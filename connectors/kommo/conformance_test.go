package kommo_test

import (
	"testing"

	"roster/connectors"
	"roster/connectors/conntest"
	"roster/connectors/kommo"
	"roster/connectors/kommo/fake"
)

func subject() conntest.Subject {
	return conntest.Subject{
		Open:         kommo.Open,
		Kind:         &kommo.Kind,
		Config:       connectors.Config{Kind: kommo.Name, Settings: &kommo.Settings{AccessToken: adminToken}},
		Fake:         fake.New(company(), fake.Options{NoLimits: true, Prefix: conntest.Prefix}),
		NoBodyIsNone: true,
		Totals:       []string{"_total_items"},
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	conntest.Run(t, subject())
}

func TestMemory(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Memory(t, subject())
}
