// Package faults makes the healthy fake of a source fail on demand: it hangs, cuts connections, sends wrong content, or answers with the page of a proxy.
// It knows the failures of the network and of servers, but not what a right answer is: that is the wrapped handler's part. It does not depend on package
// testing, so demos and tools may use it.
//
//	h := &faults.Handler{Next: fake}
//	h.Set(faults.Fault{Effect: faults.Reply(502, faults.HTML("<h1>Bad Gateway</h1>"))})              // everything, until Clear
//	h.Set(faults.Fault{On: faults.Path("users.list"), Skip: 1, Times: 2, Effect: faults.Reset()})    // its second and third call
//	h.Clear()                                                                                        // healthy again
package faults
