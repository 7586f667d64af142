// Package limit keeps the rate budgets of sources, and the queue in which calls wait for their turn. It knows neither a protocol nor what a
// call is for. It shares its budgets with other replicas through SharedBudgets, without knowing how.
//
// A budget allows a number of calls in any window of a length. The vendor counts a call when it arrives, which is at an unknown time between
// the call's beginning and its end. So a call counts from its beginning until one window after its end. No delay on the way can then bring
// two calls closer together than allowed.
package limit
