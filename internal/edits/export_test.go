package edits

import "encoding/json"

// Union returns the edits of both sets.
func Union(a, b *Set) *Set { return union(a, b) }

// SetOf returns a set of edits.
func SetOf(all ...*Edit) *Set { return newSet(all) }

// Same reports whether two sets have the same edits.
func Same(a, b *Set) bool { return a.same(b) }

// Text returns a set as it is stored.
func (s *Set) Text() string {
	text, err := json.Marshal(s.all)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// OnStep has a function called after each step of storing a file.
func (d *Dir) OnStep(f func(step string) error) { d.files.Step = f }
