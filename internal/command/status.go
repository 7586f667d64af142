package command

import "errors"

// The exit statuses of the program.
const (
	statusSuccess     = 0
	statusFailure     = 1
	statusUsage       = 2
	statusInterrupted = 130 // as shells report the end by SIGINT
)

// ErrUsage reports a wrong command line; the reason has been printed.
var ErrUsage = errors.New("usage")

// ErrInterrupted reports that a signal ended a command before it was done.
var ErrInterrupted = errors.New("interrupted")

// Status returns the exit status of the program for the error of Run.
func Status(err error) int {
	switch {
	case err == nil:
		return statusSuccess
	case errors.Is(err, ErrUsage):
		return statusUsage
	case errors.Is(err, ErrInterrupted):
		return statusInterrupted
	}
	return statusFailure
}
