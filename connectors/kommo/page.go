package kommo

import (
	"crypto/sha256"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// page is one page of a list.
type page struct {
	rows []decode.Value
	// listed is true if the page has its list, which may be empty. Kommo leaves empty objects out, and so the list too; but an empty answer is
	// how it says that there are no rows, so that nobody is taken for deleted because of such a page.
	listed bool
	number *int // nil if the list does not say which page this is
	total  *int // nil if the list does not count its rows, as contacts
	pages  *int // nil if the list does not count its pages
	odd    bool // one of these is there and cannot be read
	next   string
	ends   bool              // the links are there, and none leads to another page
	digest [sha256.Size]byte // of the rows as they came
}

// decodePage reads one page of a list, whose rows are under key, and notes its numbers that cannot be read.
func decodePage(resp *rest.Response, key string, notes *connectors.Anomalies) (page, error) {
	body, err := resp.Document()
	if err != nil {
		return page{}, err
	}
	embedded := body.Object("_embedded")
	if !embedded.IsObject() && !body.Null("_embedded") {
		return page{}, resp.Unexpected("_embedded")
	}
	var p page
	p.rows, p.listed, err = resp.Rows(embedded, key)
	switch {
	case err != nil:
		return page{}, err
	case p.listed:
	case !embedded.Null(key):
		return page{}, resp.Unexpected("_embedded." + key)
	case body.Null("_page"): // what is no page at all must not pass for an empty list
		return page{}, resp.Fail(connectors.KindBadResponse, "not a list of "+key)
	}
	p.digest = sha256.Sum256([]byte(embedded.Raw(key)))
	for key, into := range map[string]**int{"_page": &p.number, "_total_items": &p.total, "_page_count": &p.pages} {
		n, ok := body.Noting(notes).Count(key)
		*into, p.odd = n, p.odd || !ok
	}
	links := body.Object("_links")
	p.next = links.Object("next").Text("href")
	if p.next == "" && (!links.Null("next") || !links.IsObject() && !body.Null("_links")) {
		return page{}, resp.Unexpected("_links.next")
	}
	p.ends = links.IsObject() && !links.Has("next")
	return p, nil
}
