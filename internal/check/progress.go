package check

import (
	"roster/connectors"
	"roster/internal/progress"
)

// far is how far the check of a source is.
type far struct {
	progress.Source
	earlier, expectedEarlier int // of the collections that have been fetched
	doing                    connectors.Collection
}

// Sources returns how far the check of each source in Names is.
func (w *Watch) Sources() []progress.Source {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]progress.Source, len(w.Names))
	for i, name := range w.Names {
		all[i] = w.peer(name).far.Source
		all[i].Name = name
	}
	return all
}

// fetched records how many records of a collection have been fetched.
func (w *Watch) fetched(source string, c connectors.Collection, count int, expected *int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := &w.peer(source).far
	if f.doing != c {
		f.earlier, f.expectedEarlier, f.doing = f.Count, f.Expected, c
	}
	f.Doing, f.Count, f.Expected = c.String(), f.earlier+count, f.expectedEarlier+count
	if expected != nil {
		f.Expected = f.expectedEarlier + max(count, *expected)
	}
}

// end records the end of the check of a source.
func (w *Watch) end(r *Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := &w.peer(r.Source.Name).far
	f.Done, f.Doing = true, ""
	for i := range r.Collections {
		if c := &r.Collections[i]; c.Err != nil && !c.short() {
			f.Failed = append(f.Failed, c.Kind.String())
		}
	}
}
