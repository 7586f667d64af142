// Package worksection reads the members, teams, contacts and contact folders of one Worksection account with an administrator's API key, or
// as a user with the tokens of OAuth 2.0.
//
// Worksection has four lists and nothing else: no reading of one record, no pages, no filters. Each list is one call, at most one call
// a second is allowed, and a list longer than 10,000 records is refused. A failure comes as HTTP 200 with "status":"error". A member
// names its team, and a contact its folder, by name. What the vendor calls a user is a Roster account, what it calls a user group is a
// team, and the roles are known only from the members.
//
//	collection        action               remarks
//	accounts          get_users            lists active members only
//	teams             get_user_groups      by name in get_users
//	contacts          get_contacts         by name in their folder
//	contact folders   get_contact_groups   some are presets of the vendor's
//
// The vendor's pages: https://worksection.com/en/faq/api-start.html, and in Russian with the limits https://worksection.com/faq/api-start.html.
//
// The package owns the signing of calls, what the replies mean, and their conversion into neutral records. It does not know which person an
// account belongs to, does not resolve the names of teams and folders, and keeps nothing from one call to the next.
//
// Names are not decoded from HTML: no page of the vendor mentions HTML entities in names, and no sample contains one.
package worksection
