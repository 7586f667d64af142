package generation

import (
	"context"
	"errors"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/snapshot"
)

// There is one preview at a time. One that waits ends with its request, and the next one runs when the one before is over.
func TestOnePreviewAtATime(t *testing.T) {
	t.Parallel()
	p := New(Options{Keeper: snapshot.New(snapshot.Options{}), Sources: []Source{{Source: &connectors.Source{Name: "ws", Kind: "worksection"}}}})
	v := p.View(t.Context(), nil, false)
	p.previewing <- struct{}{} // another preview is being built
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Preview(ctx, v, &directory.Change{}); !errors.Is(err, directory.ErrStopped) {
		t.Errorf("a preview that waits returns %v when its request ends", err)
	}
	<-p.previewing
	if _, err := p.Preview(ctx, v, &directory.Change{}); err != nil && !errors.Is(err, directory.ErrStopped) {
		t.Errorf("a preview whose request has ended returns %v", err)
	}
	for range 2 { // each leaves room for the next one
		if preview, err := p.Preview(t.Context(), v, &directory.Change{}); err != nil || preview.People != 0 {
			t.Errorf("the next preview: %v, %v", preview, err)
		}
	}
}
