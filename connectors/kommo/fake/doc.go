// Package fake is the part of Kommo's API v4 that Roster reads, as an http.Handler: users, roles, the account with its groups, and contacts. It
// owns what Kommo stores and how Kommo answers, with its limits and its oddities. It does not know who asks, and has no part in any test.
//
//	server := fake.New(fake.Data{...}, fake.Options{Prefix: "/base"})
//	http.Handle("/base/", http.StripPrefix("/base", server))
//
// The links to the next page are made from the host that the request named and from Options.Prefix, which is what the mounter strips.
package fake
