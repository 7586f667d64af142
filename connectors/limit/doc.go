// Package limit keeps the limits of sources. It owns what vendors count calls by, the budgets, and the line in which calls wait for their
// turn; it knows neither HTTP nor what a call is for, and shares its budgets with other replicas through a Ledger without knowing how.
//
// A budget allows a number of calls in any window of a length. What counts is when a call arrives, which nobody here knows: it lies between
// the call's beginning and its end. A call therefore takes up one of the places from its beginning until a window after its end, so that
// no delay on the way can bring two calls closer together than allowed.
package limit
