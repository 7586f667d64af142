package httpapi

import (
	"strings"
)

// mediaType is the media type of an answer.
type mediaType int

const (
	asJSON    mediaType = iota // application/json, also for clients without Accept
	asGraphQL                  // application/graphql-response+json
	asEvents                   // text/event-stream
)

// The media types of answers.
const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
	typeEvents  = "text/event-stream"
)

// contentTypes are the values of Content-Type. They must not be changed.
var contentTypes = [...][]string{asJSON: {typeJSON}, asGraphQL: {typeGraphQL}, asEvents: {typeEvents}}

// preference is how much a client prefers one media type: its weight, and how exactly and at which position the Accept header names it.
type preference struct {
	weight int // in thousandths; negative if nothing names it
	exact  int // 2 for the type itself, 1 for application/*, 0 for */*
	place  int
}

// negotiate chooses the media type that a client's Accept prefers. If application/json and application/graphql-response+json have the same weight, the first one
// wins, and a wildcard means application/json. A stream must have a greater weight than the others, because clients that accept everything list it too.
// negotiate returns false if the header names types but none of these.
func negotiate(accept string) (mediaType, bool) {
	switch accept { // the values of nearly all clients
	case "", "*/*", typeJSON:
		return asJSON, true
	case typeGraphQL, "application/graphql-response+json, application/json;q=0.9":
		return asGraphQL, true
	}
	preferences := [...]preference{asJSON: {weight: -1}, asGraphQL: {weight: -1}, asEvents: {weight: -1}}
	named, place := false, 0
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.TrimSpace(name)
		if !strings.Contains(name, "/") {
			continue
		}
		named = true
		place++
		weight := weightOf(params)
		is := func(m mediaType, exact int) {
			if l := &preferences[m]; l.weight < 0 || exact > l.exact {
				*l = preference{weight, exact, place}
			}
		}
		switch {
		case strings.EqualFold(name, typeJSON):
			is(asJSON, 2)
		case strings.EqualFold(name, typeGraphQL):
			is(asGraphQL, 2)
		case strings.EqualFold(name, typeEvents):
			is(asEvents, 2)
		case strings.EqualFold(name, "application/*"):
			is(asJSON, 1)
		case name == "*/*":
			is(asJSON, 0)
		}
	}
	if !named {
		return asJSON, true
	}
	best := asJSON
	if g, j := preferences[asGraphQL], preferences[asJSON]; g.weight > j.weight || g.weight == j.weight && (j.exact < 2 || g.place < j.place) {
		best = asGraphQL
	}
	if e, b := preferences[asEvents], preferences[best]; e.weight > b.weight || e.weight == b.weight && b.exact < 2 {
		best = asEvents
	}
	return best, preferences[best].weight > 0
}

// weightOf returns the weight in the parameters of a media range, in thousandths. An invalid weight counts as 0.
func weightOf(params string) int {
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		value = strings.TrimSpace(value)
		if len(value) > 5 || len(value) == 0 || value[0] != '0' && value[0] != '1' || len(value) > 1 && value[1] != '.' {
			return 0
		}
		weight := int(value[0]-'0') * 1000
		for i, unit := 2, 100; i < len(value); i, unit = i+1, unit/10 {
			if value[i] < '0' || value[i] > '9' {
				return 0
			}
			weight += int(value[i]-'0') * unit
		}
		return min(weight, 1000)
	}
	return 1000
}
