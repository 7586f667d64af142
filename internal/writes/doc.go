// Package writes changes sources, and says truly what came of it. It owns the checks before anything is sent, the outcome, idempotency keys, the
// order of writes that touch the same thing, what the directory shows of a write until its source's own list does, and the audit line. It knows
// no HTTP, no GraphQL and no vendor: what can be changed, and what is taken, a source's capabilities tell.
//
// Sources have no transactions and no idempotency, and nothing that was made can be deleted again. So a write goes like this:
//
//  1. Everything that is wrong with the input is said at once, and nothing is sent.
//  2. Its idempotency key is looked up and locked: the first call's answer is given again, and a call that is still under way is waited for.
//  3. The thing that it makes, such as the team of that name in that source, is locked, among all replicas.
//  4. If somebody was about to make that thing and never said what came of it, the source is read until that is known.
//  5. If the thing is there already, it is given. The source is read anew for that, as far as its limits allow.
//  6. That the thing is about to be made is written down, and then the source is called, once. The call may wait long for its turn: just before it
//     is sent, the lock is looked at again.
//  7. Where the answer leaves open whether it was made, the source is read until that is known.
//  8. What was made is shown, the answer is written down, and the note of 6 is taken away.
//  9. The directories of all replicas are waited for that show it, for a while.
//
// So a process may die between any two steps: who comes next finds the note, and step 4 settles it. What cannot be had: a source that carries out
// a call later than Options.SettleAfter after it gave no answer, or whose list lags longer than that, can end up with two; and so can a process
// that sleeps between that last look at its lock and the call, for longer than the lock lasts. A connection that takes long to open does not count as
// such a sleep: rest gives up a call that has none soon after that look.
package writes
