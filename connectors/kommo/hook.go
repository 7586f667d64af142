package kommo

import (
	"net/url"
	"regexp"
	"strings"

	"roster/connectors"
)

// hooks describes Kommo's webhooks. None is about users, roles or groups.
//
// https://developers.kommo.com/docs/webhooks-general
var hooks = connectors.Hooks{Collections: []connectors.Collection{connectors.Contacts}, Read: readHook}

// hookEntry is the name of a value in a webhook about a contact or a company: contacts[<event>][<number>] and what follows.
var hookEntry = regexp.MustCompile(`^contacts\[([a-z_]{1,32})\]\[([0-9]{1,9})\]`)

// otherHooks matches the names of values in webhooks about other things, and of those about the account, which are in all webhooks.
var otherHooks = regexp.MustCompile(`^(account|leads?|compan(y|ies)|tasks?|talks?|messages?|chat_template_reviews?)(\[|$)`)

// The events of contacts. A note is in no record. All other events, such as a deletion, may be missing in incremental fetches.
var (
	hookChanges = map[string]bool{"add": true, "update": true, "responsible": true}
	hookIgnored = map[string]bool{"note": true}
)

// readHook reads a body. Companies are in it among the contacts, with the type company. It does not use url.ParseQuery, which keeps all values.
func readHook(body []byte) (changes []connectors.Change, understood bool) {
	type entry struct{ event, number string }
	isContact := make(map[entry]bool)
	understood = true
	for pair := range strings.SplitSeq(string(body), "&") {
		escaped, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(escaped)
		m := hookEntry.FindStringSubmatch(name)
		if err != nil || m == nil {
			understood = understood && err == nil && otherHooks.MatchString(name)
			continue
		}
		of := entry{m[1], m[2]}
		company := name == m[0]+"[type]" && value == "company"
		if contact, known := isContact[of]; !known || contact && company {
			isContact[of] = !company
		}
	}
	change := connectors.Change{Collection: connectors.Contacts, Removed: !understood}
	changed := !understood
	for e, contact := range isContact {
		if contact && !hookIgnored[e.event] {
			changed, change.Removed = true, change.Removed || !hookChanges[e.event]
		}
	}
	if changed {
		changes = append(changes, change)
	}
	return changes, understood
}
