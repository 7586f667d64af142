// Package terminal says whether somebody reads what the program writes on a terminal. It must not depend on any other package of the program.
package terminal

import (
	"io"
	"os"

	"github.com/mattn/go-isatty"
)

// Is reports whether a writer is a terminal.
func Is(w io.Writer) bool {
	f, ok := File(w)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// File returns the file to which a writer writes, also if Unwrap of the writer returns it.
func File(w io.Writer) (*os.File, bool) {
	if outer, ok := w.(interface{ Unwrap() io.Writer }); ok {
		w = outer.Unwrap()
	}
	f, ok := w.(*os.File)
	return f, ok
}
