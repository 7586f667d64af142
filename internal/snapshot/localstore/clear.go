package localstore

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"roster/connectors"
)

// keptFile matches the name of a snapshot file of any encoding: source, collection, the rest.
var keptFile = func() *regexp.Regexp {
	var names []string
	for _, c := range connectors.AllCollections {
		names = append(names, regexp.QuoteMeta(c.String()))
	}
	return regexp.MustCompile(`^(.+)-(?:` + strings.Join(names, "|") + `)-[0-9a-f]+\.v[0-9]+\.(?:manifest|.+\.parts)$`)
}()

// Clear removes from a directory the files of a source, or of all sources if source is empty. Clear keeps all other files.
func Clear(dir, source string) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	var faults []error
	for _, e := range entries {
		name := keptFile.FindStringSubmatch(e.Name())
		if name == nil || !e.Type().IsRegular() || source != "" && name[1] != source {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			faults = append(faults, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(append(faults, err)...)
}
