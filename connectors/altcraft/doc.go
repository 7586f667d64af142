// Package altcraft reads the users of one account of an Altcraft Platform installation through its admin API. It owns that API's
// request, its envelope, what its replies mean, and the way from its rows to neutral records. It knows one call, only reads, and shows
// neither roles nor teams, because the API has none to show.
//
// No page of the vendor says that names come with HTML entities, and none of its samples has one: they are taken as they are.
package altcraft
