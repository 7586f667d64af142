package outage_test

import (
	"roster/connectors"
	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// canary is in all that failing systems say.
const canary = "canary-in-a-vendors-words"

// fault is a way in which a source fails.
type fault struct {
	name             string
	refuses, strange bool                 // on the way there
	effect           func() faults.Effect // in its answer
	inside           bool                 // in the body of an answer that says 200: see insides
}

var page = faults.HTML("<h1>" + canary + "</h1><a href=\"https://elsewhere" + domain + "/\">?</a>")

// ways are all ways to fail, in the order of the table.
var ways = []fault{
	{name: "connection refused", refuses: true},
	{name: "TLS failure", strange: true},
	{name: "hang", effect: faults.Hang},
	{name: "reset in mid-body", effect: faults.Reset},
	{name: "429", effect: func() faults.Effect { return faults.Reply(429, faults.JSON(`{"error":"`+canary+`"}`)) }},
	{name: "500", effect: func() faults.Effect { return faults.Reply(500, page) }},
	{name: "403 with HTML", effect: func() faults.Effect { return faults.Reply(403, page) }},
	{name: "200 with an error inside", inside: true},
	{name: "truncated JSON", effect: faults.Truncate},
	{name: "wrong JSON", effect: func() faults.Effect { return faults.Reply(200, faults.JSON(`{"`+canary+`":[1,{"a":null}]}`)) }},
}

// insides are errors in the vendors' own forms.
var insides = map[connectors.KindName]string{
	sandbox.Worksection: `{"status":"error","status_code":99,"message":"` + canary + `","message_details":"` + canary + `"}`,
	sandbox.Kommo:       `{"title":"` + canary + `","type":"https://httpstatus.es/500","status":500,"detail":"` + canary + `"}`,
	sandbox.Altcraft:    `{"error":500,"error_text":"` + canary + `"}`,
	sandbox.RocketChat:  `{"success":false,"error":"` + canary + ` [error-` + canary + `]","errorType":"error-` + canary + `"}`,
}
