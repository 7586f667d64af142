package fake

import "time"

// Options turn what differs from one account to another, or is not sure about the vendor. The zero value is a healthy account with the
// vendor's limits.
type Options struct {
	// NoLimits lets every call pass and gives lists of any length.
	NoLimits bool
	// Interval is the time between two calls; 0 means one second.
	Interval time.Duration
	// Throttle429 refuses with HTTP 429 and Retry-After, not with an error in an HTTP 200. The vendor's documents leave that open.
	Throttle429 bool
	// MaxRows is the longest list; 0 means 10,000, or no end with NoLimits.
	MaxRows int
	// CutRows gives the first MaxRows of a longer list, not an error.
	CutRows bool

	// Reencode hashes the parsed parameters as PHP writes them, not the query as it came.
	Reencode bool
	// Denied lists the actions that the key may not use.
	Denied []string

	// Skew is how far the time in an HMAC header may be off; 0 means 5 minutes.
	Skew time.Duration
	// AccessLifetime is how long an issued access token is good; 0 means 24 hours. RefreshLifetime is a refresh token's; 0 means 30 days.
	// CodeLifetime is a code's; 0 means 10 minutes.
	AccessLifetime, RefreshLifetime, CodeLifetime time.Duration
	// OlderExpiry tells that a token has expired by "message", not by "errorDescription".
	OlderExpiry bool
	// StandardErrors spells error_description as the standard does.
	StandardErrors bool
	// ReusableRefresh lets a refresh token be exchanged again and again. The vendor's documents leave that open.
	ReusableRefresh bool
	// AccountURL is told beside the tokens that a code is exchanged for.
	AccountURL string

	NoEmptyData     bool // an empty list comes without "data"
	Older           bool // the older revision, without url, services, contacts and date_added
	ServicesAsArray bool // "services":[] for who has none; otherwise they are left out
	MisspelledDates bool // data_added for date_added
	CapitalRoles    bool // "Account admin"
	RatesAsText     bool // "rate":"25"
	NumericIDs      bool // every ID is a number, not only those of preset folders
	TextPresetIDs   bool // and those are none
	MeAsObject      bool // "data":{…} for me; otherwise a list of one

	// ListLag is how long the lists do not show what was made.
	ListLag time.Duration
	// Duplicates says what becomes of a call that makes what is there already. The zero value gives the one that is there, but makes a second
	// contact.
	Duplicates Duplicates
	// BareAnswers says ok to what was made, and nothing of it. MadeInArray puts it into an array of one.
	BareAnswers, MadeInArray bool
	// NoSubscribers gives tasks without those who subscribe to them, whatever is asked for.
	NoSubscribers bool
	// Refuse gives actions that change something an error in the place of an answer.
	Refuse map[string]Refusal
	// OnCut says whether the connection of the nth call of an action (from 1) is cut. Nil for never.
	OnCut func(action string, n int) Cut

	// OnRequest is called before the nth call of an action (from 1) is answered. It may change data and options through Update and Configure.
	OnRequest func(action string, n int)
}

func (k Options) interval() time.Duration {
	switch {
	case k.NoLimits:
		return 0
	case k.Interval > 0:
		return k.Interval
	}
	return time.Second
}

// maxRows is the longest list, or 0 for no end.
func (k Options) maxRows() int {
	if k.MaxRows > 0 || k.NoLimits {
		return k.MaxRows
	}
	return 10_000
}
