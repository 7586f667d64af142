// Package writes changes sources and reports the true outcome. The package owns the checks before a call, the outcome, idempotency keys, the order of
// writes to the same thing, the overlay that shows a write until the source's own list does, and the audit line. The package knows no HTTP, no GraphQL
// and no vendor: a source's capabilities define what can be changed and which input the source accepts.
//
// Sources have no transactions and no idempotency, and nothing that was created can be deleted again. So a write has these steps:
//
//  1. Report all errors of the input at once. If there is one, send nothing.
//  2. Look up and lock the idempotency key. If the first call has an answer, repeat it; if the first call still runs, wait for it.
//  3. Lock the thing that the write creates, such as the team of that name in that source, among all replicas.
//  4. If a stored intent shows that an earlier write of that thing has an unknown outcome, reconcile it.
//  5. If the thing exists already, return it. The source is fetched again for this check, if its limits allow.
//  6. Store an intent, then call the source once; again only after "too many calls", or to repeat a task subscription. The call may wait long for
//     its turn, so confirm the lock again just before sending.
//  7. If the answer does not tell whether the thing was created, reconcile.
//  8. Publish the new record in the overlay, and store the answer. Then remove the intent; keep it if the other replicas could not be notified.
//  9. Wait, for a limited time, until the directories of all replicas show the record.
//
// A process may die between any two steps: the next write finds the intent, and step 4 reconciles it. Two limits remain. A duplicate is possible
// if a call got no answer, and the source carries it out, or shows the result, only after Options.SettleAfter. A duplicate is also
// possible if a process sleeps between the last check of its lock and the call for longer than the lock lasts. A slow connection setup does not count
// as such a sleep: package rest cancels a call that has no connection soon after that check.
package writes
