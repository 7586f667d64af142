// Package faults makes a healthy fake of a source misbehave on demand: it hangs, cuts connections, lies about what it sends, or answers
// with somebody else's page. It owns how things go wrong on the way; what a right answer is, only the wrapped handler knows. It does not
// know tests either, so that demos and tools may use it.
//
//	h := &faults.Handler{Next: fake}
//	h.Set(faults.Fault{Effect: faults.Reply(502, faults.HTML("<h1>Bad Gateway</h1>"))})              // everything, until Clear
//	h.Set(faults.Fault{On: faults.Path("users.list"), Skip: 1, Times: 2, Effect: faults.Reset()})    // its second and third call
//	h.Clear()                                                                                        // healthy again
package faults
