// Package progress shows how far the first fetch of each source is. On a terminal it has one line for each source, which it updates in place;
// elsewhere it writes plain lines, less and less often. It depends on no other package of the program than terminal.
package progress

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"roster/internal/terminal"
)

// Source is how far the fetch of one source is.
type Source struct {
	Name string
	// Doing is what is fetched now, such as a collection; empty for nothing.
	Doing string
	// Count is how many records have been fetched, and Expected how many there are as far as is known: at least Count.
	Count, Expected int
	// Done is true at the end of the fetch. Failed are the collections that could not be fetched.
	Done   bool
	Failed []string
}

var numbers = message.NewPrinter(language.English)

// String returns the line of the source, such as "chat  20,296 of 87,552 (accounts)".
func (s Source) String() string {
	var b strings.Builder
	b.WriteString(s.Name + "  " + numbers.Sprint(s.Count))
	if s.Expected > s.Count {
		b.WriteString(" of " + numbers.Sprint(s.Expected))
	}
	switch {
	case len(s.Failed) > 0:
		fmt.Fprintf(&b, " (failed: %s)", strings.Join(s.Failed, ", "))
	case s.Done:
		b.WriteString(" (done)")
	case s.Doing != "":
		fmt.Fprintf(&b, " (%s)", s.Doing)
	}
	return b.String()
}

const (
	// renewEvery is how often the lines on a terminal are renewed.
	renewEvery = 100 * time.Millisecond
	// firstPause is the time to the first plain lines. Each further pause is twice as long, up to longestPause: a first fetch can take hours.
	firstPause   = 5 * time.Second
	longestPause = time.Minute
)

// Display shows progress on a writer. What is written to the display itself, such as the log, is written above the lines of a terminal.
type Display struct {
	w        io.Writer
	terminal bool
	plain    func(Source)

	mu   sync.Mutex
	bars *mpb.Progress // nil if nothing is shown now
	stop func()
}

// New returns a display that writes to w. Plain is called for a line that is due where w is no terminal; nil to write it to w.
func New(w io.Writer, plain func(Source)) *Display {
	d := &Display{w: w, terminal: terminal.Is(w), plain: plain, stop: func() {}}
	if plain == nil {
		d.plain = func(s Source) { fmt.Fprintln(w, s) }
	}
	return d
}

// Unwrap returns the writer that the display writes to.
func (d *Display) Unwrap() io.Writer { return d.w }

// Write writes a whole line, or several.
func (d *Display) Write(p []byte) (int, error) {
	d.mu.Lock()
	bars := d.bars
	d.mu.Unlock()
	if bars != nil {
		if n, err := bars.Write(p); err == nil {
			return n, nil
		}
	}
	return d.w.Write(p)
}

// Start shows the progress until Stop is called. It calls sources from a goroutine of its own.
func (d *Display) Start(sources func() []Source) {
	if d.terminal {
		d.startBars(sources)
		return
	}
	end, ended := make(chan struct{}), make(chan struct{})
	d.stop = func() {
		close(end)
		<-ended
	}
	go func() {
		defer close(ended)
		d.lines(sources, end)
	}()
}

// Stop ends what Start has begun. The lines on a terminal stay, as they are at the end.
func (d *Display) Stop() {
	d.stop()
	d.stop = func() {}
}

// lines writes plain lines of the sources that have changed, until end is closed.
func (d *Display) lines(sources func() []Source, end <-chan struct{}) {
	written := make(map[string]string)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		select {
		case <-end:
			return
		case <-time.After(pause):
		}
		for _, s := range sources() {
			if line := s.String(); line != written[s.Name] && (s.Count > 0 || s.Doing != "" || s.Done) {
				written[s.Name] = line
				d.plain(s)
			}
		}
	}
}

// startBars shows a line for each source on the terminal.
func (d *Display) startBars(sources func() []Source) {
	bars := mpb.New(mpb.WithOutput(d.w), mpb.WithRefreshRate(renewEvery), mpb.WithAutoRefresh())
	var all []*mpb.Bar
	for _, of := range sources() {
		line := decor.Any(func(decor.Statistics) string {
			longest, text := 0, ""
			for _, s := range sources() {
				longest = max(longest, len(s.Name))
				if s.Name == of.Name {
					text = s.String()
				}
			}
			if text == "" {
				return "" // a reload has removed the source
			}
			name, rest, _ := strings.Cut(text, "  ")
			return fmt.Sprintf("%-*s  %s", longest, name, rest)
		})
		all = append(all, bars.New(0, mpb.NopStyle(), mpb.PrependDecorators(line)))
	}
	d.mu.Lock()
	d.bars = bars
	d.mu.Unlock()
	d.stop = func() {
		for _, bar := range all {
			bar.EnableTriggerComplete()
			bar.SetTotal(cmp.Or(bar.Current(), 1), true)
		}
		bars.Wait()
		d.mu.Lock()
		d.bars = nil
		d.mu.Unlock()
	}
}
