// Package rocketchat reads the users, roles, teams and presence of a Rocket.Chat server of the 6, 7, 8 or 9 line over its REST interface.
// It owns what the server's replies mean and how its lists are read to their end while they change. It knows no other vendor, keeps no
// records, and leaves limits, deadlines and transport to connectors/rest. With the setting realtime it also receives presence over the realtime
// interface (realtime.go).
//
// A row lacks the key of e-mail addresses or of roles in two cases: the credential may not see them, or there are none. If at least one row of
// a fetch has the key, the credential may see it in all rows, and a row without it has none. If no row has the key, the values are unknown:
// nil in the records.
//
// The parameters query and fields are never sent: newer servers ignore them, and the newest refuse them. Only documented parameters are.
//
// Names are not decoded from HTML: no page of the vendor mentions HTML entities in names, and no sample contains one.
package rocketchat
