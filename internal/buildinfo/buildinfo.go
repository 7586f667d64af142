// Package buildinfo says which program this is: its version, and the commit and the time from which it was built. It must not depend on any other
// package of the program.
package buildinfo

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// Unknown stands for what the build does not have, because it was not made in a clone of the repository.
const Unknown = "unknown"

// Info describes the program.
type Info struct {
	Version string // such as v1.4.0; (devel) for a build between versions
	Commit  string // the whole hash
	Date    string // of the commit, in RFC 3339 and UTC
	Dirty   bool   // files differed from the commit
	Go      string // the version of Go
}

// Read returns what the Go toolchain has stored in the program.
func Read() Info {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return from(info)
}

func from(build *debug.BuildInfo) Info {
	i := Info{Version: Unknown, Commit: Unknown, Date: Unknown, Go: runtime.Version()}
	if build.Main.Version != "" {
		i.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Commit = s.Value
		case "vcs.time":
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				i.Date = t.UTC().Format(time.RFC3339)
			}
		case "vcs.modified":
			i.Dirty = s.Value == "true"
		}
	}
	return i
}

// String returns the description on one line.
func (i Info) String() string {
	commit := i.Commit
	if i.Dirty {
		commit += " with changes"
	}
	return fmt.Sprintf("roster %s, commit %s of %s, %s %s/%s", i.Version, commit, i.Date, i.Go, runtime.GOOS, runtime.GOARCH)
}
