//go:build linux

package attack_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Where the rows of each source's answer stand.
const (
	kommoContacts, kommoContactsEnd = `{"_page":1,"_embedded":{"contacts":[`, `]}}`
	kommoUsers, kommoUsersEnd       = `{"_total_items":1,"_page":1,"_page_count":1,"_embedded":{"users":[`, `]}}`
	worksection, worksectionEnd     = `{"status":"ok","data":[`, `]}`
	altcraft, altcraftEnd           = `{"error":0,"data":[`, `]}`
	rocketUsers, rocketUsersEnd     = `{"success":true,"count":1,"offset":0,"total":1,"users":[`, `]}`
)

const manyRows = 20_000_000 // of three bytes each

// rocketUser is a user of Rocket.Chat with more in the row, such as roles.
func rocketUser(name, more string) string {
	return rocketUsers + `{"_id":"a","username":"` + name + `","name":"` + name + `","active":true,"type":"user","roles":["user"],` + more + `}` + rocketUsersEnd
}

// kommoContact is a contact of Kommo with more in the row, such as tags.
func kommoContact(name, more string) string {
	return kommoContacts + `{"id":1,"name":"` + name + `","updated_at":1900000000,` + more + `}` + kommoContactsEnd
}

// list is n items between brackets.
func list(n int, item string) string { return "[" + strings.TrimSuffix(times(n, item+","), ",") + "]" }

const (
	people   = `{ users(filter: {sources: ["rocketchat"]}) { nodes { name roles { name } emails { address } accounts { ... on RocketChatAccount { customFields } } } } }`
	contact  = `{ contacts(filter: {sources: ["kommo"], search: "Tagged"}) { nodes { name tags phones { number } } } }`
	expected = `{ sources { name collections { kind count state expectedCount anomalies { field } } } }`
)

const other = "Bearer roster_0000000000000000000000000000000000000000000" // of the first of the others, who may not see what is sensitive

// unseen looks for people by what not everybody may see, and by what everybody may.
func unseen(list, source, secret string) string {
	filter := map[string]string{"contacts": "sources", "users": "in"}[list]
	return fmt.Sprintf(`{ found: %s(filter: {%s: [%q], search: %q}) { totalCount } shown: %[1]s(filter: {%[2]s: [%[3]q], search: "tagged"}) { nodes { name email } } }`, list, filter, source, secret)
}

func phoneAndMail(phone string) string {
	return `"custom_fields_values":[{"field_code":"PHONE","values":[{"value":"` + phone + `"}]},{"field_code":"EMAIL","values":[{"value":"tagged@x.example"}]}]`
}

// vendorLines are what a source sends.
func vendorLines() []line {
	const repeats = "the same rows again and again"
	return []line{
		{"61 kB that become 60 MB of empty rows", bounds{6 * time.Second, 900, 20}, []specimen{
			{"as Kommo's contacts", spoil{"kommo", "/contacts", packed(kommoContacts, "{},", manyRows, "{}"+kommoContactsEnd), "", ""}.do, 200, "max_ratio"},
			{"as Worksection's contacts", spoil{"worksection", "get_contacts", packed(worksection, "{},", manyRows, "{}"+worksectionEnd), "", ""}.do, 200, "max_ratio"},
			{"as Rocket.Chat's users", spoil{"rocketchat", "users.list", packed(rocketUsers, "{},", manyRows, "{}"+rocketUsersEnd), "", ""}.do, 200, "max_ratio"},
			{"as lists in each other", spoil{"kommo", "/users", packed(kommoUsers, "[", 3*manyRows, kommoUsersEnd), "", ""}.do, 200, "max_ratio"},
			{"as a zstd bomb", spoil{"kommo", "/users", coded("zstd", kommoUsers, "{},", manyRows, "{}"+kommoUsersEnd, "zstd"), "", ""}.do, 200, "not understood"},
			{"as a brotli bomb", spoil{"rocketchat", "users.list", coded("br", rocketUsers, "{},", manyRows, "{}"+rocketUsersEnd, "br"), "", ""}.do, 200, "not understood"},
			{"as a deflate bomb", spoil{"altcraft", "users/list", coded("deflate", altcraft, "{},", manyRows, "{}"+altcraftEnd, "deflate"), "", ""}.do, 200, "not understood"},
			{"as a bomb in a bomb", spoil{"worksection", "get_contacts", coded("gzip, gzip", worksection, "{},", manyRows, "{}"+worksectionEnd, "gzip", "gzip"), "", ""}.do, 200, "not understood"},
			{"in a coding that nobody knows", spoil{"kommo", "/contacts", coded("x-bomb", kommoContacts, "{},", manyRows, "{}"+kommoContactsEnd, "gzip"), "", ""}.do, 200, "not understood"},
			{"60 MB of empty rows that are not compressed", spoil{"altcraft", "users/list", unpacked(altcraft, "{},", manyRows, "{}"+altcraftEnd), "", ""}.do, 200, "max_rows"},
			{"two million empty rows that are allowed", spoil{"altcraft", "users/list", unpacked(altcraft, "{},", 2_000_000-1, "{}"+altcraftEnd), "", ""}.do, 200, "2000000 rows have no ID"},
			{"more than 64 MiB of one text", spoil{"altcraft", "users/list", unpacked(altcraft+`"`, "x", 70<<20, `"`+altcraftEnd), "", ""}.do, 200, "max_bytes"},
		}},
		// The callers ask for as long as the source is being read, so that this says more of memory than of work.
		{"60 MB of empty rows beside callers who ask for much", bounds{time.Minute, 900, 20}, []specimen{
			{"callers who ask for 1,000 malformed entities over 100 fields", beside(byPost(document(entities, representations(1000, "!"))),
				spoil{"altcraft", "users/list", unpacked(altcraft, "{},", manyRows, "{}"+altcraftEnd), "", ""}.do), 200, "max_rows"},
			{"the same, and no plan for what they ask", beside(byPost(document(entities, representations(1000, "!")), unplanned...),
				spoil{"altcraft", "users/list", unpacked(altcraft, "{},", manyRows, "{}"+altcraftEnd), "", ""}.do), 200, "max_rows"},
		}},
		{"a row with much in it", bounds{6 * time.Second, 600, 200}, []specimen{
			{"18,000 members who are the same 9,000", spoil{"rocketchat", "teams.members", members(func(i int) string { return fmt.Sprint("u", i%9000) }), "", ""}.do, 200, repeats},
			{"one member 18,000 times", spoil{"rocketchat", "teams.members", members(func(int) string { return "u" }), "", ""}.do, 200, repeats},
			{"a contact with 200,000 tags", spoil{"kommo", "/contacts", text(kommoContact("Tagged", `"_embedded":{"tags":`+list(200_000, `{"id":#,"name":"tag #"}`)+`}`)), contact, ""}.do, 200, `"name":"Tagged","tags":["tag 0"`},
			{"a contact with 100,000 phones", spoil{"kommo", "/contacts", text(kommoContact("Tagged", `"custom_fields_values":[{"field_code":"PHONE","values":`+list(100_000, `{"value":"+4420794#","enum_code":"WORK"}`)+`}]`)), contact, ""}.do, 200, `"name":"Tagged"`},
			{"a user with 100,000 roles", spoil{"rocketchat", "users.list", text(rocketUser("Roled", `"roles":`+list(100_000, `"role #"`))), people, ""}.do, 200, `"name":"Roled"`},
			{"a user with 100,000 addresses", spoil{"rocketchat", "users.list", text(rocketUser("Addressed", `"emails":`+list(100_000, `{"address":"a#@x.example","verified":true}`))), people, ""}.do, 200, `"name":"Addressed"`},
			{"a name of 1 MB", spoil{"rocketchat", "users.list", text(rocketUser(strings.Repeat("Named ", 1<<20/6), `"x":1`)), people, ""}.do, 200, `"name":"Named Named`},
			{"an address of 1 MB", spoil{"rocketchat", "users.list", text(rocketUser("Addressed", `"emails":[{"address":"`+strings.Repeat("a@x.example ", 1<<20/12)+`","verified":true}]`)), people, ""}.do, 200, `"name":"Addressed"`},
		}},
		{"a name that not everybody may see", bounds{4 * time.Second, 500, 20}, []specimen{
			{"a contact called by their phone number", spoil{"kommo", "/contacts", text(kommoContact("+44 20 7946 0018", phoneAndMail("+44 20 7946 0018"))), unseen("contacts", "kommo", "442079460018"), other}.do, 200, `"found":{"totalCount":0},"shown":{"nodes":[{"name":"tagged@x.example","email":"tagged@x.example"`},
			{"written otherwise", spoil{"kommo", "/contacts", text(kommoContact("(020) 7946-0018", phoneAndMail("+442079460018"))), unseen("contacts", "kommo", "02079460018"), other}.do, 200, `"found":{"totalCount":0},"shown":{"nodes":[{"name":"tagged@x.example","email":"tagged@x.example"`},
			{"a contact called by where they live", spoil{"worksection", "get_contacts", text(worksection + `{"id":"1","name":"Pier 4, Bergen","address":"Pier 4, Bergen","email":"tagged@x.example"}` + worksectionEnd), unseen("contacts", "worksection", "Bergen"), other}.do, 200, `"found":{"totalCount":0},"shown":{"nodes":[{"name":"tagged@x.example","email":"tagged@x.example"`},
			{"a user called by their phone number", spoil{"altcraft", "users/list", text(altcraft + `{"username":"numbered","first_name":"+442079460018","phone":"+442079460018","email":"tagged@x.example","active":true}` + altcraftEnd), unseen("users", "altcraft", "442079460018"), other}.do, 200, `"found":{"totalCount":0},"shown":{"nodes":[{"name":"numbered","email":"tagged@x.example"`},
		}},
		{"a pause for ever", bounds{4 * time.Second, 500, 20}, []specimen{
			{"429 with Retry-After: 999999999999", pause{"kommo", "/users", "Retry-After", "999999999999"}.do, 200, "REJECTED"},
			{"429 until the year 9999", pause{"altcraft", "users/list", "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"}.do, 200, "REJECTED"},
			{"a window that ends in the year 33658", pause{"rocketchat", "users.list", "X-RateLimit-Reset", "999999999999999"}.do, 200, "RATE_LIMITED"},
			{"429 for 10^400 seconds", pause{"kommo", "/contacts", "Retry-After", "1" + strings.Repeat("0", 400)}.do, 200, "RATE_LIMITED"},
		}},
		{"what cannot be written as JSON", bounds{4 * time.Second, 500, 200}, []specimen{
			{"9,900 levels in customFields", spoil{"rocketchat", "users.list", text(rocketUser("Deep", `"customFields":{"a":`+strings.Repeat(`[`, 9900)+strings.Repeat(`]`, 9900)+`}`)), people, ""}.do, 200, `"name":"Deep"`},
			{"no UTF-8 in customFields", spoil{"rocketchat", "users.list", text(rocketUser("Odd", "\"customFields\":{\"a\xff\":\"\xc3(\",\"b\":\"\\ud800\"}")), people, ""}.do, 200, `"name":"Odd"`},
			{"no UTF-8 in names", spoil{"kommo", "/contacts", text(kommoContact("Tagged \xff\xc0\x80", `"last_name":"\ud800"`)), contact, ""}.do, 200, `"name":"Tagged`},
			{"20,000 keys in customFields", spoil{"rocketchat", "users.list", text(rocketUser("Wide", `"customFields":{`+times(20_000, `"key #":"`+strings.Repeat("x", 30)+`",`)+`"last":1}`)), people, ""}.do, 200, `"name":"Wide"`},
			{"a total of 2^62", spoil{"altcraft", "users/list", text(altcraft + `{"username":"a","active":true}],"total_count":4611686018427387904}`), expected, ""}.do, 200, `"count":159,"state":"INCOMPLETE"`},
			{"a total of -2^63", spoil{"altcraft", "users/list", text(altcraft + `{"username":"a","active":true}],"total_count":-9223372036854775808}`), expected, ""}.do, 200, `"count":159,"state":"INCOMPLETE"`},
			{"2^62 users of Kommo", spoil{"kommo", "/users", text(strings.Replace(kommoUsers, "1", "4611686018427387904", 1) + `{"id":1,"name":"A"}` + kommoUsersEnd), expected, ""}.do, 200, `"count":308,"state":"INCOMPLETE"`},
		}},
	}
}

// pause is what a source says that wants to be left alone.
type pause struct{ source, part, header, value string }

// do has the source say it, and sees that nobody is told that it will be read, and that it is read again within a quarter of an hour.
func (s pause) do(t *testing.T, g *ground, says string) (answer, used) {
	t.Helper()
	got, u := spoil{s.source, s.part, refused(429, s.header, s.value), fmt.Sprintf(`mutation { refreshSource(input: {source: %q}) {
		outcome startsAt userErrors { message } source { pause { until code } } } }`, s.source), ""}.do(t, g, says)
	var told struct {
		Data struct {
			RefreshSource struct {
				Outcome  string
				StartsAt time.Time
				Source   struct{ Pause struct{ Until time.Time } }
			}
		}
	}
	if err := json.Unmarshal([]byte(got.body), &told); err != nil {
		t.Error(err)
	}
	r := told.Data.RefreshSource
	if left := time.Until(r.Source.Pause.Until); left > 15*time.Minute || left < 0 || left > 2*time.Minute && r.Outcome != "REJECTED" {
		t.Errorf("a source that asks for a pause is left alone for %s; whoever has it read again is told %s", left, got.body)
	}
	return got, u
}

// members answers for the members of a team: 18,000 for the first one that is asked for, none for the others.
func members(id func(int) string) http.HandlerFunc {
	var first atomic.Value
	return func(w http.ResponseWriter, r *http.Request) {
		q, total := r.URL.Query(), 0
		if team := q.Get("teamId"); first.CompareAndSwap(nil, team) || first.Load() == team {
			total = 18_000
		}
		offset, _ := strconv.Atoi(q.Get("offset"))
		count, _ := strconv.Atoi(q.Get("count"))
		var rows []string
		for i := offset; i < min(offset+max(count, 100), total); i++ {
			rows = append(rows, `{"user":{"_id":"`+id(i)+`"}}`)
		}
		text(fmt.Sprintf(`{"success":true,"count":%d,"offset":%d,"total":%d,"members":[%s]}`, len(rows), offset, total, strings.Join(rows, ",")))(w, r)
	}
}
