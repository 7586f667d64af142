package kommo

import (
	"bytes"
	"fmt"
	"testing"

	"roster/connectors/rest"
)

// BenchmarkPage reads a full page of users and one of contacts, as they come: what the answer means, its rows, the records.
func BenchmarkPage(b *testing.B) {
	row := func(list string, i int) string {
		if list == "contacts" {
			return fmt.Sprintf(`{"id":7102%04[1]d,"name":"Marta Ruiz %[1]d","first_name":"Marta","last_name":"Ruiz","responsible_user_id":8423020,"group_id":530113,`+
				`"created_by":8423011,"updated_by":0,"created_at":1717400000,"updated_at":1717403600,"closest_task_at":null,"is_deleted":false,`+
				`"is_unsorted":false,"custom_fields_values":[{"field_id":90101,"field_name":"Phone","field_code":"PHONE","field_type":"multitext",`+
				`"values":[{"value":"+34600111222","enum_id":61001,"enum_code":"WORK"},{"value":"+34600333444","enum_id":61003,"enum_code":"MOB"}]},`+
				`{"field_id":90102,"field_name":"Email","field_code":"EMAIL","field_type":"multitext","values":[{"value":"marta%[1]d@client.example",`+
				`"enum_id":61010,"enum_code":"WORK"}]}],"account_id":30123456,"_links":{"self":{"href":"https://acme.example/api/v4/contacts/%[1]d"}},`+
				`"_embedded":{"tags":[{"id":501,"name":"vip","color":null}],"companies":[{"id":72000001}]}}`, i)
		}
		return fmt.Sprintf(`{"id":8423%04[1]d,"name":"Ana Prado %[1]d","email":"ana%[1]d@acme.example","lang":"en","rights":{`+
			`"leads":{"view":"A","edit":"A","add":"A","delete":"A","export":"A"},"contacts":{"view":"A","edit":"A","add":"A","delete":"A","export":"A"},`+
			`"companies":{"view":"A","edit":"A","add":"A","delete":"A","export":"A"},"tasks":{"edit":"A","delete":"A"},"mail_access":true,`+
			`"catalog_access":true,"status_rights":[{"entity_type":"leads","pipeline_id":3166396,"status_id":142,"rights":{"view":"A","edit":"D"}}],`+
			`"is_admin":false,"is_free":false,"is_active":true,"group_id":530113,"role_id":40525},"uuid":null,"amojo_id":null,"user_rank":"newbie",`+
			`"_links":{"self":{"href":"https://acme.example/api/v4/users/%[1]d"}},"_embedded":{"roles":[{"id":40525,"name":"Seller"}],`+
			`"groups":[{"id":530113,"name":"North","uuid":null}]}}`, i)
	}
	for _, list := range []string{"users", "contacts"} {
		var body bytes.Buffer
		fmt.Fprintf(&body, `{"_page":1,"_links":{"self":{"href":"https://acme.example"}},"_embedded":{"%s":[`, list)
		for i := range maxPageSize {
			if i > 0 {
				body.WriteByte(',')
			}
			body.WriteString(row(list, i))
		}
		body.WriteString(`]}}`)
		b.Run(list, func(b *testing.B) {
			b.SetBytes(int64(body.Len()))
			b.ReportAllocs()
			for b.Loop() {
				n, err := read(list, reply(body.Bytes()))
				if err != nil || n != maxPageSize {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func read(list string, resp *rest.Response) (int, error) {
	if list == "users" {
		l, err := understoodUsers(resp)
		return len(l.Records), err
	}
	l, err := understoodContacts(resp)
	return len(l.Records), err
}
