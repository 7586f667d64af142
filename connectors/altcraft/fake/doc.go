// Package fake is the part of Altcraft's admin API that lists account users, as an http.Handler: users/list and accounts/list, in JSON
// and XML, with the vendor's tokens, envelope and filters, and with options for what nobody documents and for failures. It holds its
// data in memory and knows nothing of the connector.
//
// The handler's paths start at /api/v1.1/. To serve below a prefix, mount it with the prefix stripped and tell it the prefix, which its
// redirects need:
//
//	s := fake.New(data, fake.Options{Prefix: "/base"})
//	http.ListenAndServe(addr, http.StripPrefix("/base", s))
package fake
