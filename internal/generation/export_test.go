package generation

import "roster/internal/directory"

// Builder builds a directory, like directory.BuildUntil.
type Builder = func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error)

// BuildBy sets the function that builds directories. It must be called before Run.
func (p *Publisher) BuildBy(b Builder) { p.make = b }
