// Package fake is Worksection's interface as an http.Handler, for administrators' keys and for users' tokens: the four lists of members, teams,
// contacts and contact folders; the calls that add to them; and the calls that subscribe people to a task. It has the vendor's two signatures, its
// tokens, its limits and its habits. It owns what the vendor answers and nothing about who asks; it is independent of the connector, so that a
// misunderstanding in one is not repeated in the other. Failures that any server can have, such as a proxy's page, a slow answer or a cut connection,
// are left to package faults.
//
// It answers below its root. To serve it under a prefix, mount it with http.StripPrefix; no answer contains a link that the prefix would change.
//
//	vendor := fake.New(fake.Data{APIKey: "k", Users: []fake.User{{Person: fake.Person{ID: "1", FirstName: "Ada"}, Role: "owner"}}}, fake.Options{})
//	mux.Handle("/base/", http.StripPrefix("/base", vendor))
//
// What the vendor does not document and the fake had to choose: an action that it does not know is error 1, a key that may not see a list gets error
// 20, "too many" is error 3, a record that exists already is error 15 if the vendor refuses it, a refused call does not count against the limit, and
// a wrong signature is reported before "too many".
package fake
