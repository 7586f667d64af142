package browsertest

import (
	"context"
	"slices"
	"sync"

	"github.com/chromedp/chromedp"
)

// browser is the one browser of a test binary. Each page has a window of its own in it, and none sees what another one has stored: starting a
// browser takes longer than most tests.
type browser struct {
	mu   sync.Mutex
	ctx  context.Context // of its first tab; nil if it has not been started
	stop func()
}

var running browser

// get gives the context of the browser, and starts it if it does not run.
func (b *browser) get(path string) (context.Context, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx != nil && b.ctx.Err() == nil {
		return b.ctx, nil
	}
	if b.stop != nil { // it has ended by itself, and has left its directory
		b.stop()
		b.ctx, b.stop = nil, nil
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	// The browser lives as long as the context of the first call, which therefore has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, err
	}
	b.ctx, b.stop = ctx, func() {
		closing, done := context.WithTimeout(ctx, patience)
		defer done()
		_ = chromedp.Cancel(closing) // stop ends it in any case
		cancel()
		stop()
		chromedp.FromContext(ctx).Allocator.Wait() // until its directory is gone
	}
	return ctx, nil
}

// Close ends the browser of the test binary, if a test has opened a page. A TestMain calls it after the last test.
func Close() {
	running.mu.Lock()
	defer running.mu.Unlock()
	if running.stop != nil {
		running.stop()
	}
	running.ctx, running.stop = nil, nil
}
