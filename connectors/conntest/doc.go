// Package conntest tests every vendor's connector against the same contract. It uses real HTTP and the vendor's own fake, healthy and with many kinds of
// failures. A vendor's test is a few lines:
//
//	func TestConformance(t *testing.T) {
//		t.Parallel()
//		conntest.Run(t, conntest.Subject{
//			Open:   kommo.Open,
//			Kind:   &kommo.Kind,
//			Config: connectors.Config{Kind: kommo.Name, Settings: &kommo.Settings{AccessToken: "conformance-token"}},
//			Fake:   fake.New(data, fake.Options{NoLimits: true, Prefix: conntest.Prefix}),
//		})
//	}
//
// The package mounts the fake under Prefix, gives every check its own server and source, and tests every collection of the source, its incremental fetches, its
// presence, and its Prober. It knows no vendor. The meaning of a vendor's replies beyond HTTP has a table test of its own in the vendor's package.
package conntest
