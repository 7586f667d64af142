// Package contextkey finds the keys of values in a context that other packages do not export.
package contextkey

import "context"

// Of returns the key that a function looks up in a context. The function may panic because it finds no value.
func Of(look func(context.Context)) any {
	var r recorder
	func() {
		defer func() { _ = recover() }() // the value is missing
		look(&r)
	}()
	return r.key
}

// recorder is a context that records the key that is looked up.
type recorder struct {
	context.Context
	key any
}

// Value implements context.Context.
func (r *recorder) Value(key any) any {
	r.key = key
	return nil
}
