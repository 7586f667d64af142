package snapshot

import (
	"log/slog"
	"time"
)

// event is something that has happened to a collection.
type event interface{ apply(*step) }

type (
	// ticked is the event that time has passed.
	ticked struct{}
	// asked is the event that callers want data, or that the source has changed.
	asked struct {
		wanted bool      // any data
		since  time.Time // of a fetch that begins then or later; zero for none
		force  bool      // in spite of the failure of the last fetch
		accept bool      // with any loss of records

		outdated, outdatedFull time.Time // see collectionState; zero for no change
	}
	// previousTried is the event that the source's previous collection has been tried.
	previousTried struct{}
	// statted is what the shared store has.
	statted struct{ info *Info }
	// leaseAnswered is the answer to requestLease: the lease, or else what the store has, or an error.
	leaseAnswered struct {
		granted bool
		info    *Info
		err     error
	}
	// taken is the answer to take: a snapshot, or nil if the store could not deliver it.
	taken struct {
		info    *Info
		snap    *Snapshot
		damaged bool // the stored snapshot cannot be used
	}
	// progressed is the progress of a first fetch. It may arrive after the end of that fetch.
	progressed struct{ result fetchResult }
	// fetched is the end of a fetch from the source.
	fetched struct{ outcome }
	// saved is the answer to save and offer.
	saved struct {
		meta    Meta
		encoded int // the bytes that were encoded; zero if no encoding was needed
		err     error
		catchUp bool // see save
	}
	// stopped is the event that the loop has to end. It also ends the fetch in progress.
	stopped struct{}
)

// action is something that the loop does for its collection after a transition.
type action interface{}

type (
	// requestLease requests the lease to fetch from the source. The answer is leaseAnswered.
	requestLease struct{ LeaseRequest }
	// take reads a stored snapshot. The answer is taken.
	take struct {
		info *Info
		have *Snapshot // the present data, of which the store may have the same records or times
	}
	// fetch begins a fetch from the source, which ends with fetched.
	fetch struct {
		since    *Snapshot // fetch only the changes to it, if the source can report them; nil for a full fetch
		progress bool      // report the progress
		urgent   bool      // a caller requires the fetch
	}
	// endFetch says how a fetch ended.
	endFetch FetchEnd
	// save stores a snapshot by the lease. The answer is saved.
	save struct {
		Stored
		catchUp bool // if the store has a better snapshot, stat it
	}
	// saveProgress stores the progress of a first fetch by the lease. It has no answer.
	saveProgress struct{ Stored }
	// fail stores that the fetch was not complete, by the lease.
	fail struct{ Failure }
	// release releases the lease.
	release struct{}
	// offer stores a snapshot without a lease. The answer is saved.
	offer struct{ Stored }
	// stat asks what the shared store has. The answer is statted, or nothing.
	stat struct{}
	// wakeCallers wakes the callers that wait for the end of a fetch.
	wakeCallers struct{}
	// notify notifies the keepers of a change.
	notify struct{}
	// logLine logs one line.
	logLine struct {
		level   slog.Level
		message string
		attrs   []slog.Attr
	}
)
