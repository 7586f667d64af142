// Package rocketchat reads the users, roles, teams and presence of a Rocket.Chat server of the 6, 7, 8 or 9 line over its REST interface.
// It owns what the server's replies mean and how its lists are read to their end while they change. It knows no other vendor, keeps no
// records, and leaves limits, deadlines and transport to connectors/rest. With the setting realtime it also receives presence over the realtime
// interface (realtime.go).
//
// A server shows e-mail addresses and roles only to those who may see them, and otherwise leaves the keys out, as it does where there is
// nothing to show. If any row of a fetch has one of these keys, the credential may see them all, and a row without means none;
// otherwise they are unknown, which is nil in the records.
//
// The parameters query and fields are never sent: newer servers ignore them, and the newest refuse them. Only documented parameters are.
//
// No page of the vendor says that names come with HTML entities, and none of its samples has one: they are taken as they are.
package rocketchat
