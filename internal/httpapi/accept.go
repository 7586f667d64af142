package httpapi

import (
	"strings"
)

// medium is the form in which an answer goes out.
type medium int

const (
	asJSON    medium = iota // application/json, which is also for who does not say
	asGraphQL               // application/graphql-response+json
	asEvents                // text/event-stream
)

// The media types of answers.
const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
	typeEvents  = "text/event-stream"
)

// contentTypes are the values of Content-Type, ready to be set. Nobody changes them.
var contentTypes = [...][]string{asJSON: {typeJSON}, asGraphQL: {typeGraphQL}, asEvents: {typeEvents}}

// liking is how much a client likes one medium: its weight, and how exactly and at which place it was named.
type liking struct {
	weight int // in thousandths; below zero where nothing names it
	exact  int // 2 for the type itself, 1 for application/*, 0 for */*
	place  int
}

// negotiate chooses the medium that a client's Accept prefers. Between media it likes equally, application/json and application/graphql-response+json
// go by the order in which they are named, a wildcard means application/json, and a stream must be liked better than the others: clients that take
// all of them name it in passing. It is false where the header names types, and none of ours.
func negotiate(accept string) (medium, bool) {
	switch accept { // what nearly all clients send
	case "", "*/*", typeJSON:
		return asJSON, true
	case typeGraphQL, "application/graphql-response+json, application/json;q=0.9":
		return asGraphQL, true
	}
	likes := [...]liking{asJSON: {weight: -1}, asGraphQL: {weight: -1}, asEvents: {weight: -1}}
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
		is := func(m medium, exact int) {
			if l := &likes[m]; l.weight < 0 || exact > l.exact {
				*l = liking{weight, exact, place}
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
	if g, j := likes[asGraphQL], likes[asJSON]; g.weight > j.weight || g.weight == j.weight && (j.exact < 2 || g.place < j.place) {
		best = asGraphQL
	}
	if e, b := likes[asEvents], likes[best]; e.weight > b.weight || e.weight == b.weight && b.exact < 2 {
		best = asEvents
	}
	return best, likes[best].weight > 0
}

// weightOf reads the weight among a media range's parameters, in thousandths. One that cannot be read counts as none at all.
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
