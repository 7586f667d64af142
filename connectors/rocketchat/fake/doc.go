// Package fake is the part of a Rocket.Chat server's REST interface that Roster reads, as an http.Handler: who am I, users, roles, teams
// with their members, presence, pictures, and the server's version, with the permissions, limits and habits of the 6, 7, 8 and 9 lines. It
// owns what the server answers and nothing about who asks; it is independent of the connector, so that a misunderstanding in one is not
// repeated in the other. Failures that any server can have, such as a proxy's page, a slow or a cut body, are left to package faults.
//
// It answers below its root. To serve it under a prefix, as servers below a path are, mount it with http.StripPrefix, and set
// Options.Prefix for the links that it makes:
//
//	chat := fake.New(data, fake.Options{Prefix: "/chat"})
//	mux.Handle("/chat/", http.StripPrefix("/chat", chat))
//
// Rows change between two pages by Update, which Options.OnRequest may call. Presence changes by SetPresence, at no cost.
//
// What the server does not document and the fake had to choose: a refused call counts for the limit only once the caller is known; reading
// the members of an unknown team is a 400 with team-does-not-exist; a server of the 9 line refuses unknown parameters on every route.
package fake
