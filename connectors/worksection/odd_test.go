package worksection

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/conntest"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// understood takes an answer all the way.
func understood[R connectors.Record](convert func(decode.Value) R) func([]byte) (conntest.Content, error) {
	return func(body []byte) (conntest.Content, error) {
		r := &rest.Response{Status: http.StatusOK, Header: http.Header{}, Body: body}
		if e := judge(r); e != nil {
			return conntest.Content{}, e
		}
		return conntest.ContentOf(gather(r, convert))
	}
}

// answers are the lists in the test data, with what each key of their rows decides on.
func answers(t testing.TB) []conntest.Answer {
	t.Helper()
	person := map[string][]string{
		"name": {"Name"}, "first_name": {"FirstName"}, "last_name": {"LastName"}, "title": {"Title"}, "email": {"Emails"}, "url": {"URL"},
		"phone": {"Phones"}, "phone2": {"Phones"}, "phone3": {"Phones"}, "phone4": {"Phones"}, "address": {"Addresses"}, "address2": {"Addresses"},
		"date_added": {"CreatedAt"}, "data_added": {"CreatedAt"}, "group": {"Teams", "Folder"},
		"department": {"Department"}, "avatar": {"AvatarURL"}, "role": {"Access", "Roles"}, "rate": {"Details.Rate"},
		"contacts": {"Details.OtherContacts"}, "services": {"Details.Chats", "Details.Socials"},
		"services.chats": {"Details.Chats"}, "services.socials": {"Details.Socials"},
	}
	kinds := map[string]conntest.Answer{
		actionUsers:         {Fields: person, Read: understood(kyiv.account)},
		actionContacts:      {Fields: person, Read: understood(kyiv.contact)},
		actionUserGroups:    {Fields: map[string][]string{"title": {"Name"}, "client": {"Kind"}}, Read: understood(team)},
		actionContactGroups: {Fields: map[string][]string{"title": {"Name"}, "type": {"Kind"}}, Read: understood(folder)},
	}
	var all []conntest.Answer
	for _, file := range fixtures(t) {
		a := kinds[actionOf(t, file)]
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		a.Name, a.Body, a.Rows, a.ID = strings.TrimSuffix(filepath.Base(file), ".json"), body, []string{"data"}, "id"
		all = append(all, a)
	}
	return all
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	conntest.OddValues(t, answers(t)...)
}

func TestAmounts(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Amounts(t, answers(t)...)
}

func FuzzOddValues(f *testing.F) { conntest.FuzzOddValues(f, answers(f)...) }
