package altcraft

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"roster/connectors"
	"roster/connectors/rest"
)

const page = "<!doctype html><title>Sign in</title>"

func TestJudge(t *testing.T) {
	t.Parallel()
	const good = 255 // no kind: success
	tests := map[string]struct {
		status int
		body   string
		want   connectors.ErrorKind
		code   string
	}{
		"success":                                  {200, `{"data":[],"error":0}`, good, ""},
		"success with another 2xx":                 {202, `{"data":[],"error":0}`, good, ""},
		"success with the code as text":            {200, `{"data":[],"error":"0"}`, good, ""},
		"success whatever the text says":           {200, `{"error":0,"error_text":"401 Unauthorized"}`, good, ""},
		"missing error is no success":              {200, `{"data":[]}`, connectors.KindBadResponse, ""},
		"null error is no success":                 {200, `{"data":[],"error":null}`, connectors.KindBadResponse, ""},
		"error that is a word":                     {200, `{"data":[],"error":"none"}`, connectors.KindBadResponse, ""},
		"error that is a boolean":                  {200, `{"data":[],"error":false}`, connectors.KindBadResponse, ""},
		"error that is an object":                  {200, `{"data":[],"error":{}}`, connectors.KindBadResponse, ""},
		"error that is a fraction":                 {200, `{"data":[],"error":0.0}`, connectors.KindBadResponse, ""},
		"empty body":                               {200, ``, connectors.KindBadResponse, ""},
		"no content":                               {204, ``, connectors.KindBadResponse, ""},
		"HTML with 200":                            {200, page, connectors.KindBadResponse, ""},
		"XML with 200":                             {200, `<xml><error>0</error></xml>`, connectors.KindBadResponse, ""},
		"half a document":                          {200, `{"data":[{"username":"no`, connectors.KindBadResponse, ""},
		"two documents":                            {200, `{"error":0}{"error":0}`, connectors.KindBadResponse, ""},
		"array":                                    {200, `[]`, connectors.KindBadResponse, ""},
		"null":                                     {200, `null`, connectors.KindBadResponse, ""},
		"error 400 within 200":                     {200, `{"error":400,"error_text":"x"}`, connectors.KindInvalid, "400"},
		"error 401 within 200":                     {200, `{"error":401,"error_text":"x"}`, connectors.KindUnauthorized, "401"},
		"error 402 within 200: the tariff's limit": {200, `{"error":402}`, connectors.KindRateLimited, "402"},
		"error 403 within 200":                     {200, `{"error":403}`, connectors.KindForbidden, "403"},
		"error 404 within 200":                     {200, `{"error":404}`, connectors.KindNotFound, "404"},
		"error 429 within 200":                     {200, `{"error":429}`, connectors.KindRateLimited, "429"},
		"error 500 within 200":                     {200, `{"error":500}`, connectors.KindUnavailable, "500"},
		"error 503 within 200":                     {200, `{"error":503}`, connectors.KindUnavailable, "503"},
		"error 440, which nobody explains":         {200, `{"error":440}`, connectors.KindBadResponse, "440"},
		"error 1":                                  {200, `{"error":1}`, connectors.KindBadResponse, "1"},
		"error below 0":                            {200, `{"error":-1}`, connectors.KindBadResponse, ""},
		"error beyond any code":                    {200, `{"error":79990001122}`, connectors.KindBadResponse, ""},
		"error beyond any number":                  {200, `{"error":99999999999999999999}`, connectors.KindBadResponse, ""},
		"error with rows all the same":             {200, `{"data":[{"username":"a"}],"error":401}`, connectors.KindUnauthorized, "401"},
		"HTTP 401 with the same code":              {401, `{"error":401}`, connectors.KindUnauthorized, "401"},
		"HTTP 401 with an HTML page":               {401, page, connectors.KindUnauthorized, ""},
		"HTTP 401 without a body":                  {401, ``, connectors.KindUnauthorized, ""},
		"HTTP 401 that claims success":             {401, `{"error":0}`, connectors.KindUnauthorized, ""},
		"HTTP 400 whose body says more":            {400, `{"error":401}`, connectors.KindUnauthorized, "401"},
		"HTTP 400 with a code nobody explains":     {400, `{"error":440}`, connectors.KindInvalid, "440"},
		"HTTP 402":                                 {402, ``, connectors.KindRateLimited, ""},
		"HTTP 403 in plain text":                   {403, `no`, connectors.KindForbidden, ""},
		"HTTP 404 of a web server":                 {404, page, connectors.KindNotFound, ""},
		"HTTP 405":                                 {405, ``, connectors.KindUnsupported, ""},
		"HTTP 429":                                 {429, ``, connectors.KindRateLimited, ""},
		"HTTP 429 stands, whatever the body says":  {429, `{"error":400}`, connectors.KindRateLimited, "400"},
		"HTTP 500":                                 {500, `{"error":500}`, connectors.KindUnavailable, "500"},
		"HTTP 502 with an HTML page":               {502, page, connectors.KindUnavailable, ""},
		"HTTP 503 that claims success":             {503, `{"error":0}`, connectors.KindUnavailable, ""},
		"HTTP 504":                                 {504, page, connectors.KindTimeout, ""},
		"HTTP 301 to the other slash form":         {301, ``, connectors.KindBadResponse, ""},
		"HTTP 302 to a sign-in page":               {302, page, connectors.KindBadResponse, ""},
		"HTTP 307 that claims success":             {307, `{"error":0}`, connectors.KindBadResponse, ""},
		"HTTP 304":                                 {304, ``, connectors.KindBadResponse, ""},
		"XML that refuses, with 200":               {200, `<xml><error>401</error></xml>`, connectors.KindUnauthorized, "401"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := jsonForm.judge(&rest.Response{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)})
			if e == nil {
				if tt.want != good {
					t.Fatalf("taken for a success, want %s", tt.want)
				}
				return
			}
			if tt.want == good {
				t.Fatalf("got %v, want success", e)
			}
			if e.Kind != tt.want || e.Code != tt.code {
				t.Errorf("got %s with code %q, want %s with code %q", e.Kind, e.Code, tt.want, tt.code)
			}
		})
	}
}

func TestJudgeXML(t *testing.T) {
	t.Parallel()
	const good = 255 // no kind: success
	tests := map[string]struct {
		status int
		body   string
		want   connectors.ErrorKind
		says   string
	}{
		"success":                          {200, `<xml><data/><error>0</error></xml>`, good, ""},
		"success with a declaration":       {200, `<?xml version="1.0" encoding="utf-8"?><xml><error>0</error></xml>`, good, ""},
		"success with a mark before it":    {200, "\ufeff<xml><error>0</error></xml>\n", good, ""},
		"success on several lines":         {200, "<xml>\n  <error>\n 0\n </error>\n</xml>", good, ""},
		"success as CDATA":                 {200, `<xml><!-- x --><error><![CDATA[0]]></error></xml>`, good, ""},
		"missing error is no success":      {200, `<xml><data/></xml>`, connectors.KindBadResponse, "no error code"},
		"empty error is no success":        {200, `<xml><error/></xml>`, connectors.KindBadResponse, "no error code"},
		"an error inside of something":     {200, `<xml><data><error>0</error></data></xml>`, connectors.KindBadResponse, "no error code"},
		"error that is a word":             {200, `<xml><error>none</error></xml>`, connectors.KindBadResponse, "no error code"},
		"error with elements":              {200, `<xml><error><a>0</a></error></xml>`, connectors.KindBadResponse, "no error code"},
		"another root":                     {200, `<html><error>0</error></html>`, connectors.KindBadResponse, "root xml"},
		"two documents":                    {200, `<xml><error>0</error></xml><xml><error>0</error></xml>`, connectors.KindBadResponse, "root xml"},
		"text behind it":                   {200, `<xml><error>0</error></xml>x`, connectors.KindBadResponse, "root xml"},
		"empty body":                       {200, ``, connectors.KindBadResponse, "root xml"},
		"half a document":                  {200, `<xml><error>0</error><data><user><username>no`, connectors.KindBadResponse, "cut off"},
		"HTML":                             {200, page, connectors.KindBadResponse, ""},
		"success in JSON":                  {200, `{"error":0,"data":[]}`, connectors.KindBadResponse, ""},
		"refusal in JSON":                  {200, `{"error":401}`, connectors.KindUnauthorized, "check token"},
		"refusal":                          {200, `<xml><error>403</error></xml>`, connectors.KindForbidden, "admin token"},
		"refusal with another status":      {400, `<xml><error>401</error></xml>`, connectors.KindUnauthorized, "check token"},
		"HTTP 500 that claims success":     {500, `<xml><error>0</error></xml>`, connectors.KindUnavailable, ""},
		"another encoding":                 {200, `<?xml version="1.0" encoding="windows-1251"?><xml><error>0</error></xml>`, connectors.KindBadResponse, "another encoding than UTF-8"},
		"UTF-16":                           {200, "\xff\xfe<\x00x\x00m\x00l\x00", connectors.KindBadResponse, "not XML"},
		"not UTF-8, whatever it calls":     {200, "<xml><error>0</error><error_text>\xc8</error_text></xml>", good, ""},
		"a name of an element in no UTF-8": {200, "<xml><error>0</error><a\xc8/></xml>", connectors.KindBadResponse, "not XML"},
		"a declaration of entities":        {200, `<!DOCTYPE xml [<!ENTITY a "0">]><xml><error>&a;</error></xml>`, connectors.KindBadResponse, "document type"},
		"an entity that nobody declared":   {200, `<xml><error>&zero;</error></xml>`, connectors.KindBadResponse, "not XML"},
		"too many calls, whatever is said": {429, `<xml><error>0</error></xml>`, connectors.KindRateLimited, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := xmlForm.judge(&rest.Response{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)})
			switch {
			case e == nil && tt.want != good:
				t.Fatalf("taken for a success, want %s", tt.want)
			case e == nil:
			case e.Kind != tt.want || !strings.Contains(e.Error(), tt.says):
				t.Errorf("got %s, %v; want %s with %q", e.Kind, e, tt.want, tt.says)
			}
		})
	}
}

func TestJudgeTellsWhatToCheck(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		want   string
	}{
		"redirect":        {301, ``, "check url"},
		"refused token":   {200, `{"error":401}`, "check token"},
		"user token":      {200, `{"error":403}`, "admin token"},
		"no such account": {200, `{"error":400}`, "check account_id"},
		"no such place":   {404, ``, "check url and account_id"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := jsonForm.judge(&rest.Response{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)})
			if e == nil || !strings.Contains(e.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", e, tt.want)
			}
		})
	}
}

func TestJudgePassesOnHowLongToWait(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"too many": 429, "in maintenance": 503} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := jsonForm.judge(&rest.Response{Status: status, Header: http.Header{"Retry-After": {"120"}}})
			if e == nil || e.RetryAfter != 2*time.Minute {
				t.Errorf("got %v, want two minutes to wait", e)
			}
		})
	}
}

func FuzzUsersList(f *testing.F) {
	for file, form := range fixtures(f) {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(form == xmlForm, 200, body)
	}
	f.Add(false, 200, []byte(`{"error":401,"error_text":"x"}`))
	f.Add(false, 200, []byte(`{"data":{"saved_id":6},"error":0}`))
	f.Add(false, 200, []byte(`{"data":[{"username":{}}],"error":0}`))
	f.Add(false, 502, []byte(page))
	f.Add(true, 200, []byte(`<xml><error>401</error><error_text>x</error_text></xml>`))
	f.Add(true, 200, []byte(`<xml><data><saved_id>6</saved_id></data><error>0</error></xml>`))
	f.Add(true, 200, []byte(`<!DOCTYPE xml [<!ENTITY a "b">]><xml><error>&a;</error></xml>`))
	f.Fuzz(func(t *testing.T, inXML bool, status int, body []byte) {
		form := jsonForm
		if inXML {
			form = xmlForm
		}
		listing, err := listingOf(form, status, body)
		if err != nil {
			if e := connectors.AsError("", err); e.Error() == "" || len(e.Code) > 6 {
				t.Errorf("an error that cannot be shown: %v", e)
			}
			return
		}
		if status < 200 || status > 299 {
			t.Errorf("HTTP %d taken for a success", status)
		}
		seen := make(map[string]bool)
		last := ""
		for _, a := range listing.Records {
			name, ok := strings.CutPrefix(a.ID, "9:")
			if !ok || strings.TrimSpace(name) == "" || name != a.Username || seen[a.ID] {
				t.Errorf("the ID %q of %q is empty, strange or comes twice", a.ID, a.Username)
			}
			if name < last {
				t.Errorf("%q comes after %q", name, last)
			}
			if !utf8.ValidString(a.ID) {
				t.Errorf("the ID %q is not UTF-8", a.ID)
			}
			if a.Emails == nil || a.Roles != nil || a.Teams != nil || a.Details == nil {
				t.Errorf("%q: e-mails %v, roles %v, teams %v, details %v", a.ID, a.Emails, a.Roles, a.Teams, a.Details)
			}
			seen[a.ID], last = true, name
		}
		if listing.Complete && listing.Expected != nil && *listing.Expected > len(listing.Records) {
			t.Errorf("complete with %d of %d", len(listing.Records), *listing.Expected)
		}
	})
}

// What is nested more deeply than anybody reads costs nothing else.
func TestDeepXML(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000)
	body := `<xml><error>0</error><data><user><username>ada</username><email>` + deep + `</email></user><user><username>bob</username></user></data></xml>`
	list, err := xmlForm.userList(&rest.Response{Status: http.StatusOK, Header: http.Header{}, Body: []byte(body)})
	if err != nil || len(list.rows) != 2 {
		t.Fatalf("%d rows, %v", len(list.rows), err)
	}
	if got := list.rows[0].Text("username") + list.rows[0].Text("email"); got != "ada" {
		t.Errorf("got %q", got)
	}
}

// A value that XML does not allow costs itself, and nothing else of its answer.
func TestUnreadableXML(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text, want string
		odd        bool
	}{
		"bytes that are not UTF-8":  {"A\xc3(\xff", "A\ufffd(\ufffd", true},
		"a control character":       {"A\x01B", "A\ufffdB", true},
		"the number of one":         {"A&#1;B&#x1F;", "A\ufffdB\ufffd", true},
		"half of a character":       {"A&#xD800;", "A\ufffd", true},
		"a number beyond all":       {"A&#99999999999;", "A\ufffd", true},
		"numbers of characters":     {"&#65;&#x42;&#x1F600;&amp;", "AB\U0001f600&", false},
		"a sign that text was lost": {"A\ufffd", "A\ufffd", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := `<xml><error>0</error><data><user><username>ada</username><first_name>` + tc.text +
				`</first_name></user><user><username>bob</username><first_name>Bob</first_name></user></data></xml>`
			list, err := xmlForm.userList(&rest.Response{Status: http.StatusOK, Header: http.Header{}, Body: []byte(body)})
			if err != nil || len(list.rows) != 2 {
				t.Fatalf("%d rows, %v", len(list.rows), err)
			}
			var noted connectors.Anomalies
			if got := list.rows[0].Noting(&noted).Text("first_name"); got != tc.want || len(noted.All()) > 0 != tc.odd {
				t.Errorf("%q with %v, want %q", got, noted.All(), tc.want)
			}
			if got := list.rows[1].Text("username") + list.rows[1].Text("first_name"); got != "bobBob" {
				t.Errorf("the other user is %q", got)
			}
		})
	}
}
