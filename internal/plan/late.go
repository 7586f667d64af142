package plan

// late is a place in the data for a value that is not yet known.
type late struct {
	at     int // in the data
	object any
	field  *Field
	// from and to are the part of Run.latePaths that is the path of the object.
	from, to int
}

// Later leaves out the value of a field, and writes it when all others are written. Values for which sources are asked are all asked for at once in
// this way.
func (r *Run) Later(b []byte, object any, f *Field) {
	from := len(r.latePaths)
	r.latePaths = append(r.latePaths, r.path...)
	r.late = append(r.late, late{len(b), object, f, from, len(r.latePaths)})
}

// writeLate returns the data with the late values.
func (r *Run) writeLate(b []byte, writer Writer) []byte {
	objects := make([]any, len(r.late))
	for i, l := range r.late {
		objects[i] = l.object
	}
	r.Caller.Await(r.Ctx, objects)
	out := make([]byte, 0, len(b)+16*len(r.late))
	from := 0
	for _, l := range r.late {
		out = append(out, b[from:l.at]...)
		from = l.at
		r.path = append(r.path[:0], r.latePaths[l.from:l.to]...)
		var is bool
		if out, is = writer.WriteLate(out, l.object, l.field); !is {
			out = append(out, "null"...)
		}
	}
	out = append(out, b[from:]...)
	if r.Room != nil && len(out) > r.Limit {
		r.More(out)
	}
	return out
}
