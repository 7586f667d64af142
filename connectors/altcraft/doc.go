// Package altcraft reads the users of one account of an Altcraft Platform installation through its admin API. It owns that API's
// request, its envelope, what its replies mean, and the way from its rows to neutral records. It knows one call, only reads, and shows
// neither roles nor teams, because the API has none to show.
//
// Names are not decoded from HTML: no page of the vendor mentions HTML entities in names, and no sample contains one.
package altcraft
