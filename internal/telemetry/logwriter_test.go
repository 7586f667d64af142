package telemetry

import (
	"bufio"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// A log that nobody reads makes one line wait for a second, and no line after it. When the log is read again, lines are written again.
func TestLogThatNobodyReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		l := newLineWriter(w)
		defer close(l.lines)
		write := func(line string) (took time.Duration, err error) {
			began := time.Now()
			_, err = l.Write([]byte(line + "\n"))
			return time.Since(began), err
		}
		if took, err := write("first"); !errors.Is(err, errStalled) || took != time.Second {
			t.Errorf("a line that nobody reads: %v after %s", err, took)
		}
		for range 1000 {
			if took, err := write("lost"); !errors.Is(err, errStalled) || took != 0 {
				t.Fatalf("a line after it: %v after %s", err, took)
			}
		}
		read := make(chan string)
		go func() {
			for lines := bufio.NewScanner(r); lines.Scan(); {
				read <- lines.Text()
			}
			close(read)
		}()
		if got := <-read; got != "first" {
			t.Errorf("read %q", got)
		}
		synctest.Wait()
		if took, err := write("second"); err != nil || took != 0 {
			t.Errorf("a line when the log is read again: %v after %s", err, took)
		}
		if got := <-read; got != "second" {
			t.Errorf("read %q", got)
		}
		w.Close() //nolint:errcheck // a pipe closes
		<-read
	})
}
