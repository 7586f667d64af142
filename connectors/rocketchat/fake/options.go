package fake

import (
	"strconv"
	"strings"
	"time"
)

// Options turn what differs from one server to another. The zero value is a healthy server of the 8 line with the default limits.
type Options struct {
	// Version is the server's, such as 6.10.2; empty means 8.4.0. It decides the bodies of 401 and 403, what becomes of query, fields and
	// email, and which parameters are refused.
	Version string
	// HideVersion keeps it from /api/info.
	HideVersion bool
	// Prefix is the path under which the server is mounted, for the links that it makes.
	Prefix string

	// NoLimits switches the limiter off, as servers in development mode do.
	NoLimits bool
	// LimitCalls is how many calls of one route one address may make in LimitWindow; 0 means 10 in 60 s.
	LimitCalls  int
	LimitWindow time.Duration
	// ClockSkew is how far the server's clock is ahead of ours; the header with the end of a window is in its time.
	ClockSkew time.Duration

	DefaultCount    int  // rows of a page nobody asked for; 0 means 50
	MaxCount        int  // rows of any page; 0 means 100
	NoInfiniteCount bool // count=0 gives a page, not everything

	UnsafeQuery        bool // the 7 and 8 lines take query and fields all the same
	OldRows            bool // users.list as the oldest documents show it: utcOffset, no nameInsensitive, for administrators no type
	OutsideRoomChecked bool // users.list needs view-outside-room too

	PresenceDisabled bool // nobody's presence is told
	LoginError       any  // the code of a refused login of the realtime API; nil means 403
	CommaIDsBroken   bool // users.presence takes ids=a,b for one ID
	FullByIDs        bool // users.presence says full to a question by IDs too

	// EmptyFields serves {} as the custom fields of users without any.
	EmptyFields bool
	// PublicFields are the custom fields that every caller sees.
	PublicFields []string

	// Missing lists the calls that the server does not know, such as teams.listAll.
	Missing []string
	// ClosedTeams lists the IDs of teams whose members are nobody's business.
	ClosedTeams []string

	// OnRequest is called before the nth call of an operation (from 1) is answered. It may call Update, Configure and SetPresence.
	OnRequest func(op string, n int)
}

func (k Options) version() (major, minor int) {
	v := k.versionText()
	parts := strings.SplitN(v, ".", 3)
	major, _ = strconv.Atoi(parts[0]) // a text that is no version is before all of them
	if len(parts) > 1 {
		minor, _ = strconv.Atoi(parts[1])
	}
	return major, minor
}

func (k Options) versionText() string {
	if k.Version == "" {
		return "8.4.0"
	}
	return k.Version
}

func (k Options) atLeast(major, minor int) bool {
	m, n := k.version()
	return m > major || (m == major && n >= minor)
}

// takesQuery says whether query and fields mean anything.
func (k Options) takesQuery() bool { return !k.atLeast(7, 0) || (k.UnsafeQuery && !k.atLeast(9, 0)) }

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
