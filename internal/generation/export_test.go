package generation

import "roster/internal/directory"

// Builder makes a directory, as directory.BuildUntil does.
type Builder = func(stop func() bool, rules directory.Rules, data []directory.SourceData) (*directory.Directory, error)

// BuildBy has directories made in another way. It must come before Run.
func (p *Publisher) BuildBy(b Builder) { p.make = b }
