package kommo

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

const (
	// changeOverlap is by how much fetches of changes overlap, for contacts whose change was on its way when the one before was made.
	changeOverlap = 2 * time.Minute
	// changeSkew is by how much Kommo's clock may be behind ours. It bounds what is read again and again where many contacts were changed
	// at once, and none since.
	changeSkew = time.Hour
)

// addressBook lists the contacts that the token's user may see. They come by ID, so that those who are added meanwhile stand at the end
// and move nobody from one page to another, and each page begins with the last contact of the one before, so that nobody who is
// deleted hides another. A fetch that failed midway is resumed.
//
// GET /api/v4/contacts: https://developers.kommo.com/reference/contacts-list
type addressBook struct {
	*client
	kept connectors.Checkpoint[*contactList]
}

var _ connectors.ChangeLister[connectors.Contact] = (*addressBook)(nil)

// List reads all contacts.
func (b *addressBook) List(ctx context.Context, progress connectors.Progress[connectors.Contact]) (connectors.Listing[connectors.Contact], error) {
	began := time.Now()
	fetch := b.kept.Resume(func() *contactList { return b.newList(time.Time{}) })
	list := fetch.State
	list.walk.Tell = func(*int) {
		if progress != nil {
			progress(connectors.Resumed(list.got.Listing(nil, false), fetch))
		}
	}
	listing, err := list.run(ctx)
	if err != nil && list.walk.Resumable() {
		b.kept.Keep(fetch, list.walk.Pages(), err)
	}
	listing = connectors.Resumed(listing, fetch)
	if !listing.Began.IsZero() {
		began = listing.Began
	}
	return position{Began: began}.after(listing), err
}

// Changes reads the contacts that changed at or after the time of changedFrom. What is not documented to move the time of a change, such
// as a new name of a tag, or of a contact's responsible user, shows with the next full fetch, and so does a deletion. Kommo silently ignores
// an unknown filter. So the time of each contact is checked against the filter.
func (b *addressBook) Changes(
	ctx context.Context, state connectors.State, progress connectors.Progress[connectors.Contact],
) (connectors.Listing[connectors.Contact], error) {
	var known position
	if err := json.Unmarshal([]byte(state), &known); err != nil || known.Began.IsZero() {
		return connectors.Listing[connectors.Contact]{}, &connectors.Error{Source: b.source, Op: opContacts, Kind: connectors.KindUnsupported,
			Detail: "the state of the earlier fetch cannot be read", Unsent: true}
	}
	next := position{Began: time.Now(), Latest: known.Latest}
	list := b.newList(known.changedFrom())
	list.walk.Tell = func(*int) {
		if progress != nil {
			progress(list.got.Listing(nil, false))
		}
	}
	listing, err := list.run(ctx)
	if connectors.IsKind(err, connectors.KindInvalid) { // it does not take the filter
		e := *connectors.AsError(b.source, err)
		e.Kind = connectors.KindUnsupported
		return listing, &e
	}
	return next.after(listing), err
}

// position is the state of a fetch of contacts.
type position struct {
	Began  time.Time `json:"began"`           // by our clock
	Latest time.Time `json:"latest,omitzero"` // the latest change that is known, by Kommo's clock
}

// after returns a listing with the state after it, if it is complete. The position has the beginning of its fetch, and the latest change known
// before. A listing of changes has every contact that changed after a certain time, so its latest change is the latest of all contacts.
func (p position) after(l connectors.Listing[connectors.Contact]) connectors.Listing[connectors.Contact] {
	var latest time.Time
	for i := range l.Records {
		if at := l.Records[i].UpdatedAt; at.After(latest) {
			latest = at
		}
	}
	if !latest.IsZero() {
		p.Latest = latest
	}
	if state, err := json.Marshal(p); err == nil && l.Complete {
		l.State = connectors.State(state)
	}
	return l
}

// changedFrom returns the time from which changed contacts are read: that of the latest known change less changeOverlap, or the beginning of the
// last fetch less changeSkew, whichever is later. By Kommo's clock, every change before the latest known one is known. If that one lies in the
// future, the beginning of the fetch takes its place, so that it does not hide what comes until then.
func (p position) changedFrom() time.Time {
	from, latest := p.Began.Add(-changeSkew), p.Latest
	if latest.After(p.Began) {
		latest = p.Began
	}
	if at := latest.Add(-changeOverlap); at.After(from) {
		from = at
	}
	return from.Truncate(time.Second)
}

// contactList is a fetch of contacts on its way.
type contactList struct {
	*client
	walk        connectors.Walk[decode.Value]
	got         connectors.Collector[connectors.Contact]
	from        time.Time      // only those changed then or later; zero for all
	resp        *rest.Response // the latest
	nextPageErr error          // why no page can follow the latest
	listMissing bool           // a page came without its list
}

func (c *client) newList(from time.Time) *contactList {
	l := &contactList{client: c, from: from}
	convert := contactConverter{c.region, c.custom, &c.names}.convert
	l.walk = connectors.Walk[decode.Value]{
		Fetch:   l.page,
		Key:     rowID,
		MaxRows: c.rest.MaxRows(),
		Compare: compareIDs,
		Fail:    func(detail string) error { return l.resp.Fail(connectors.KindBadResponse, detail) },
		Begin:   func() { l.got, l.listMissing = connectors.Collector[connectors.Contact]{}, false },
		Take:    func(rows []decode.Value) { take(&l.got, rows, convert) },
	}
	return l
}

func (l *contactList) run(ctx context.Context) (connectors.Listing[connectors.Contact], error) {
	end, err := l.walk.Run(ctx)
	listing := l.got.Listing(nil, err == nil && !l.listMissing && end.Complete(l.got.Len()))
	byID := func(a, b connectors.Contact) int { return compareIDs(a.ID, b.ID) }
	if !slices.IsSortedFunc(listing.Records, byID) {
		listing.Records = slices.Clone(listing.Records) // the same array may have been handed out as progress
		slices.SortFunc(listing.Records, byID)
	}
	return listing, err
}

// page reads the page that holds the contact at that place.
func (l *contactList) page(ctx context.Context, offset int) (connectors.Page[decode.Value], error) {
	if l.nextPageErr != nil {
		err := l.nextPageErr
		l.nextPageErr = nil
		return connectors.Page[decode.Value]{}, err
	}
	limit, number := pageAt(offset)
	query := url.Values{"order[id]": {"asc"}, "limit": {strconv.Itoa(limit)}, "page": {strconv.Itoa(number)}}
	if !l.from.IsZero() {
		query.Set("filter[updated_at][from]", strconv.FormatInt(l.from.Unix(), 10))
	}
	resp, err := l.get(ctx, opContacts, pathContacts, query.Encode())
	if err != nil {
		return connectors.Page[decode.Value]{}, err
	}
	l.resp = resp
	out := connectors.Page[decode.Value]{Offset: (number - 1) * limit, Asked: limit}
	if resp.Status == http.StatusNoContent {
		return out, nil
	}
	p, err := decodePage(resp, "contacts", &l.got.Anomalies)
	if err != nil {
		return out, err
	}
	if err := l.checkFilter(p.rows); err != nil {
		return out, err
	}
	l.listMissing = l.listMissing || !p.listed
	out.Rows, out.Contradicts = p.rows, p.number != nil && *p.number != number
	if p.ends || p.next != "" {
		out.Last = new(p.ends)
	}
	if p.next != "" {
		if len(p.rows) == 0 {
			return out, resp.Fail(connectors.KindBadResponse, "an empty page that is not the last")
		}
		l.nextPageErr = l.checkNextLink(p.next, number)
	}
	return out, nil
}

// checkFilter returns an error if a row is not what the filter selects. A time that is there and cannot be read counts for neither.
func (l *contactList) checkFilter(rows []decode.Value) error {
	if l.from.IsZero() {
		return nil
	}
	for _, row := range rows {
		changed := row.Unix("updated_at")
		if unread := changed.IsZero() && !row.Null("updated_at"); unread || row.Flag("is_deleted") == decode.Yes {
			continue
		}
		if changed.Before(l.from) {
			return l.resp.Fail(connectors.KindUnsupported, "it does not keep to the time of change that was asked for")
		}
	}
	return nil
}

// checkNextLink returns what is wrong with a link to the next page. It only tells that there is one, but an answer that leads elsewhere, or nowhere, is
// none to be trusted.
func (l *contactList) checkNextLink(next string, number int) error {
	_, query, err := l.rest.Below(opContacts, next)
	if err != nil {
		return err
	}
	values, err := url.ParseQuery(query)
	if n, numberErr := strconv.Atoi(values.Get("page")); err != nil || numberErr != nil || n <= number {
		return l.resp.Fail(connectors.KindBadResponse, "the link to the next page does not name a later page")
	}
	return nil
}

// pageAt returns the page that begins at the row at that place, or a little before it, and reaches farthest. Pages are numbered, and all of one
// size: only another size makes a page begin elsewhere.
func pageAt(offset int) (limit, number int) {
	farthest := 0
	for size := maxPageSize; size > maxPageSize/2; size-- {
		if end := offset/size*size + size; end > farthest {
			farthest, limit = end, size
		}
	}
	return limit, offset/limit + 1
}
