package kommo

import (
	"errors"
	"net/http"
	"testing"

	"roster/connectors"
	"roster/connectors/rest"
)

func seed(f *testing.F, pattern string) {
	f.Helper()
	for _, body := range testdata(f, pattern) {
		f.Add(http.StatusOK, "application/hal+json", body)
	}
	f.Add(http.StatusTooManyRequests, "application/problem+json", []byte(`{"title":"Too Many Requests","status":429,"retry_after":300}`))
	f.Add(http.StatusForbidden, "text/html", []byte("<h1>403 Forbidden</h1>"))
	f.Add(http.StatusNoContent, "", []byte{})
}

// fuzz takes any reply all the way. Whatever comes, every record has an ID of its own, in order, and every fault is an *Error.
func fuzz[T connectors.Record](f *testing.F, understood func(*rest.Response) (connectors.Listing[T], error)) {
	f.Helper()
	f.Fuzz(func(t *testing.T, status int, contentType string, body []byte) {
		l, err := understood(&rest.Response{Status: status, Header: http.Header{"Content-Type": {contentType}}, Body: body})
		if err != nil {
			if _, ok := errors.AsType[*connectors.Error](err); !ok || len(l.Records) > 0 || l.Complete {
				t.Errorf("%T with %d records, complete %v", err, len(l.Records), l.Complete)
			}
			return
		}
		last := ""
		for i, r := range l.Records {
			if r.Key() == "" || (i > 0 && compareIDs(last, r.Key()) >= 0) {
				t.Errorf("record %d has the ID %q after %q", i, r.Key(), last)
			}
			last = r.Key()
		}
	})
}

func FuzzUsers(f *testing.F) {
	seed(f, "users*.json")
	fuzz(f, understoodUsers)
}

func FuzzRoles(f *testing.F) {
	seed(f, "roles*.json")
	fuzz(f, understoodRoles)
}

func FuzzContacts(f *testing.F) {
	seed(f, "contacts*.json")
	fuzz(f, understoodContacts)
}

func FuzzGroups(f *testing.F) {
	seed(f, "account*.json")
	fuzz(f, understoodTeams)
}
