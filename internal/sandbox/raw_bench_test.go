package sandbox_test

import (
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"roster/connectors/registry"
	"roster/internal/sandbox"
)

// BenchmarkRaw measures the rows that the setting raw keeps: the bytes of one in memory, and in a store, which compresses them.
func BenchmarkRaw(b *testing.B) {
	for _, kind := range sandbox.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			company, err := sandbox.StartOne(b.Context(), kind, sandbox.Options{People: 5000, Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer company.Close() //nolint:errcheck // no result depends on it
			cfg := company.Sources()[0]
			cfg.Raw = true
			for b.Loop() {
				source, err := registry.Open(cfg)
				if err != nil {
					b.Fatal(err)
				}
				listing, err := source.Accounts.List(b.Context(), nil)
				if err != nil {
					b.Fatal(err)
				}
				var rows []byte
				for _, a := range listing.Records {
					rows = append(rows, a.Extra.Raw...)
				}
				b.ReportMetric(float64(len(rows))/float64(len(listing.Records)), "row-B/account")
				b.ReportMetric(float64(compressed(b, rows))/float64(len(listing.Records)), "stored-B/account")
			}
		})
	}
}

func compressed(b *testing.B, rows []byte) (n int) {
	b.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		b.Fatal(err)
	}
	for part := range slices.Chunk(rows, 2<<20) {
		n += len(e.EncodeAll(part, nil))
	}
	return n
}
