package directory_test

import (
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// Everyone sees names, and finds people by them. A name that is the person's phone number or postal address is not shown, and does not find them.
func TestPrivateNames(t *testing.T) {
	t.Parallel()
	phone, ok := connectors.ParsePhone("+38 (044) 123-45-67", "UA", connectors.PhoneMobile)
	if !ok {
		t.Fatal("no phone number")
	}
	for name, tc := range map[string]struct {
		given, search string
		hidden        bool
	}{
		"as the source has it":            {"+38 (044) 123-45-67", "044", true},
		"with other signs between":        {"+380 44 123.45.67", "380", true},
		"as it is dialled in the country": {"044 1234567", "044", true},
		"in wide digits":                  {"＋３８０４４１２３４５６７", "380441234567", true},
		"as an address":                   {"tel:+380441234567", "380441234567", true},
		"a number of nobody's":            {"+49 30 1234567", "49", true},
		"where they live":                 {"12  Khreshchatyk st., KYIV", "khreshchatyk", true},
		"a name":                          {"Olha Kovalenko", "olha", false},
		"a name with a number":            {"Olha 044", "044", false},
		"another number without a plus":   {"20260412", "20260412", false},
		"a year":                          {"2026", "2026", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			phones, addresses := []connectors.Phone{phone}, []string{"12 Khreshchatyk St., Kyiv"}
			for part, d := range map[string]*directory.Directory{
				"name": directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", Kind: "kommo",
					Accounts: []connectors.Account{{ID: "id", Name: tc.given, Phones: phones, Addresses: addresses}},
					Contacts: []connectors.Contact{{ID: "id", Name: tc.given, Phones: phones, Addresses: addresses}}}}),
				"first name": directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", Kind: "kommo",
					Accounts: []connectors.Account{{ID: "id", FirstName: tc.given, Phones: phones, Addresses: addresses}},
					Contacts: []connectors.Contact{{ID: "id", FirstName: tc.given, Phones: phones, Addresses: addresses}}}}),
			} {
				users, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				contacts, err := d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				u, c := users.Nodes()[0], contacts.Nodes()[0]
				for what, shown := range map[string]string{"user": u.Name, "account": u.Accounts[0].Core().Name, "contact": c.Name} {
					if hidden := shown == "id"; hidden != tc.hidden {
						t.Errorf("%s: the %s goes by %q", part, what, shown)
					}
				}
				for what, shown := range map[string]directory.Text{"user": u.FirstName, "account": u.Accounts[0].Core().FirstName, "contact": c.FirstName} {
					if tc.hidden && shown != "" {
						t.Errorf("%s: the %s's first name is %q", part, what, shown)
					}
				}
				if len(u.Phones) != 1 || len(c.Phones) != 1 {
					t.Error("the number itself is missing")
				}
				found, err := d.Users(&directory.UserFilter{Search: &tc.search}, directory.UserOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				also, err := d.Contacts(&directory.ContactFilter{Search: &tc.search}, directory.ContactOrder{}, directory.PageArgs{})
				if err != nil {
					t.Fatal(err)
				}
				if n := found.TotalCount() + also.TotalCount(); (n == 0) != tc.hidden {
					t.Errorf("%s: %q finds %d", part, tc.search, n)
				}
			}
		})
	}
}

// A phone number is removed from a name that has other text.
func TestNumbersInNames(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"Olha Kovalenko +380 44 123-45-67":    "Olha Kovalenko",
		"Olha (044) 123 45 67 Kovalenko":      "Olha Kovalenko",
		"+380441234567, Olha":                 "Olha",
		"tel. (044) 123 45 67":                "tel",
		"Olha ＋３８０４４１２３４５６７":                  "Olha",
		"Olha 0441234567 / +49 30 1234567":    "Olha",
		"Olha +380441234567 +380441234567 K.": "Olha K.",
		"Olha 2026, room 12345678":            "Olha 2026, room 12345678",
		"Order 20260412-1":                    "Order 20260412-1",
		"C++ group":                           "C++ group",
		"Zoë Müller-Łukasz 3":                 "Zoë Müller-Łukasz 3",
	} {
		d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", Kind: "kommo", Contacts: []connectors.Contact{
			{ID: "id", Name: given, Phones: []connectors.Phone{{Raw: "044 123 45 67", E164: "+380441234567"}}},
		}}})
		page, err := d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{})
		if err != nil {
			t.Fatal(err)
		}
		if got := page.Nodes()[0].Name; got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}

// A number that is divided between two parts of a name is removed too.
func TestPrivateNameInParts(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "a", Kind: "kommo", Contacts: []connectors.Contact{
		{ID: "id", FirstName: "+38044", LastName: "1234567", Phones: []connectors.Phone{{Raw: "380441234567"}}},
	}}})
	page, err := d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	if c := page.Nodes()[0]; c.Name != "id" || c.FirstName != "" || c.LastName != "" {
		t.Errorf("%q, %q, %q", c.Name, c.FirstName, c.LastName)
	}
}
