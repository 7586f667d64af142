package httpapi

import "testing"

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]mediaType{
		"":                                       asJSON,
		"*/*":                                    asJSON,
		"application/*":                          asJSON,
		"application/json":                       asJSON,
		"Application/JSON":                       asJSON,
		typeGraphQL:                              asGraphQL,
		typeGraphQL + ", application/json":       asGraphQL,
		typeGraphQL + ", application/json;q=0.9": asGraphQL,
		"application/json, " + typeGraphQL:       asJSON,
		"application/json;q=0.5, " + typeGraphQL: asGraphQL,
		"application/json;q=0.5, " + typeGraphQL + ";q=0.4":    asJSON,
		"text/html, " + typeGraphQL + ";charset=utf-8":         asGraphQL,
		typeGraphQL + ", */*":                                  asGraphQL,
		typeGraphQL + ";q=0.1, */*":                            asJSON,
		"application/json;q=0, */*, " + typeGraphQL + ";q=0.1": asGraphQL,
		";;;": asJSON,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": asJSON,

		typeEvents:               asEvents,
		"text/event-stream, */*": asEvents,
		"text/event-stream, application/json;q=0.9":                                                      asEvents,
		"text/event-stream, application/json":                                                            asJSON,
		"application/json, text/event-stream":                                                            asJSON,
		"text/event-stream;q=0.9, " + typeGraphQL:                                                        asGraphQL,
		"text/event-stream;q=0.5, */*;q=0.5":                                                             asEvents,
		typeGraphQL + ", application/graphql+json, application/json, text/event-stream, multipart/mixed": asGraphQL, // urql
	} {
		if got, ok := negotiate(accept); got != want || !ok {
			t.Errorf("Accept %q: medium %d, %v; want %d", accept, got, ok, want)
		}
	}
	for _, accept := range []string{"text/html", "application/json;q=0", "*/*;q=0", "image/png, text/css", typeGraphQL + ";q=0.000", typeGraphQL + ";q=x"} {
		if got, ok := negotiate(accept); ok {
			t.Errorf("Accept %q: medium %d, want none", accept, got)
		}
	}
}

func TestWeight(t *testing.T) {
	t.Parallel()
	for params, want := range map[string]int{
		"": 1000, "q=1": 1000, "q=1.000": 1000, "q=0": 0, "q=0.5": 500, "q=0.123": 123, " Q = 0.05 ": 50, "charset=utf-8;q=0.3": 300,
		"q=": 0, "q=2": 0, "q=0.1234": 0, "q=-1": 0, "q=0,5": 0, "q=1.9": 1000, "q=0.x": 0,
	} {
		if got := weightOf(params); got != want {
			t.Errorf("%q: %d, want %d", params, got, want)
		}
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, seed := range []string{"", "*/*", "text/event-stream, */*;q=0.5", typeGraphQL + ";q=0.9,application/json", ",;=/q=1.", "a/b;q=0.0001"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		m, ok := negotiate(accept)
		if m < asJSON || m > asEvents {
			t.Errorf("%q gives medium %d", accept, m)
		}
		if again, still := negotiate(accept + "," + accept); again != m || still != ok {
			t.Errorf("%q gives %d, %v, and said twice %d, %v", accept, m, ok, again, still)
		}
	})
}
