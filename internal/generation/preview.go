package generation

import (
	"context"

	"roster/internal/directory"
)

// Preview builds a second directory from the view's data with a change of the rules, and compares the people. There is one such build at a time, because it
// takes as much memory and time as a directory. It returns directory.ErrStopped soon after ctx has ended.
func (p *Publisher) Preview(ctx context.Context, v *View, c *directory.Change) (*directory.Preview, error) {
	select {
	case p.previewing <- struct{}{}:
		defer func() { <-p.previewing }()
	case <-ctx.Done():
		return nil, directory.ErrStopped
	}
	return v.Directory.PreviewUntil(func() bool { return ctx.Err() != nil }, c, p.data(v.publication.built))
}
