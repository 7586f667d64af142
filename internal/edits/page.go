package edits

import (
	"encoding/base64"
	"slices"

	"roster/internal/directory"
)

// PageArgs are the arguments of a page.
type PageArgs = directory.PageArgs

// Page is a part of the edits, the newest first.
type Page struct {
	Edits         []*Edit
	Total         int  // of all matches
	Earlier, More bool // whether there are matches before and after the page
}

// Cursor returns the position of an edit in the list, which it keeps for ever.
func (e *Edit) Cursor() string { return base64.RawURLEncoding.EncodeToString([]byte("e" + e.ID)) }

// Page returns a page of the edits for which the condition holds. The error is a directory.InputError.
func (s *Set) Page(args PageArgs, is func(*Edit) bool) (*Page, error) {
	size, backward, err := args.Size()
	if err != nil {
		return nil, err
	}
	from, to := 0, len(s.all)
	if args.After != nil {
		at, err := s.position("after", *args.After)
		if err != nil {
			return nil, err
		}
		from = at + 1
	}
	if args.Before != nil {
		if to, err = s.position("before", *args.Before); err != nil {
			return nil, err
		}
	}
	p := &Page{Edits: []*Edit{}}
	for i, e := range slices.Backward(s.all) {
		place := len(s.all) - 1 - i
		switch {
		case !is(e):
			continue
		case place < from:
			p.Earlier = true
		case place >= to:
			p.More = true
		default:
			p.Edits = append(p.Edits, e)
		}
		p.Total++
	}
	if over := len(p.Edits) - size; over > 0 && backward {
		p.Edits, p.Earlier = p.Edits[over:], true
	} else if over > 0 {
		p.Edits, p.More = p.Edits[:size], true
	}
	return p, nil
}

// position returns the place of a cursor's edit in the list.
func (s *Set) position(argument, cursor string) (int, error) {
	for i, e := range slices.Backward(s.all) {
		if e.Cursor() == cursor {
			return len(s.all) - 1 - i, nil
		}
	}
	return 0, &directory.InputError{Argument: argument, Message: "must be a cursor of this list"}
}
