package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a configuration.
type Fault struct {
	Path    string // of the setting, such as sources[2].token; empty for the file as a whole
	Source  string // the name of the source to which the setting belongs; empty if there is none
	File    string // the file, as the operator named it; empty for a flag
	Line    int    // in the file; 0 if there is none
	Column  int
	Message string // what is wrong and what to do; never a value
}

// String returns the fault on one line, in the form that compilers and editors use: file:line:column: key: what, and what to do.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	for _, number := range []int{f.Line, f.Column} {
		if number > 0 {
			fmt.Fprintf(&b, ":%d", number)
		}
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	b.WriteString(f.Message)
	if f.Source != "" {
		b.WriteString(" (source " + f.Source + ")")
	}
	return b.String()
}

// Faults is everything wrong with a configuration.
type Faults []Fault

// Error returns one fault on each line, in the order of the file.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// nameSources sets the source of each fault in a source, because a path has only the source's index. It leaves out a name that is not valid, and
// one from the environment, whose values are never repeated.
func (d *decoder) nameSources(sources []sourceFile) {
	for i := range d.faults {
		var index int
		if n, _ := fmt.Sscanf(d.faults[i].Path, "sources[%d]", &index); n != 1 || index >= len(sources) {
			continue
		}
		if name := sources[index].Name; nameForm.MatchString(name) && !d.fromEnv[fmt.Sprintf("sources[%d].name", index)] {
			d.faults[i].Source = name
		}
	}
}

// sort sorts the faults by their place. Faults of one place stay in the order of setting.go.
func (fs Faults) sort() {
	slices.SortStableFunc(fs, func(a, b Fault) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
}

// in sets the file of all faults, except those of flags.
func (fs Faults) in(file string) {
	for i := range fs {
		if !strings.HasPrefix(fs[i].Path, "--") {
			fs[i].File = file
		}
	}
}
