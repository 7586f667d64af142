// Package conntest holds every vendor's connector to the same contract, over real HTTP, against that vendor's own fake: healthy, and
// with everything that may go wrong on the way. A vendor runs it in a few lines:
//
//	func TestConformance(t *testing.T) {
//		t.Parallel()
//		conntest.Run(t, conntest.Subject{
//			Open:   kommo.Open,
//			Config: connectors.Config{Kind: kommo.Name, Settings: &kommo.Settings{AccessToken: "conformance-token"}},
//			Fake:   fake.New(data, fake.Knobs{NoLimits: true, Prefix: conntest.Prefix}),
//		})
//	}
//
// The kit mounts the fake under Prefix, gives every check a server and a source of its own, and asks for every collection that the
// source has, for presence, and for what its Prober says. It knows no vendor: what a vendor's replies mean beyond HTTP is that vendor's
// own table test.
package conntest
