package config

import (
	"fmt"
	"slices"
	"strings"

	"roster/connectors"
)

// maxAnchors bounds the work of each build.
const maxAnchors = 10

// anchors returns the anchors, each with its fields by source.
func (d *decoder) anchors(files []anchorFile, sources []Source) []Anchor {
	var all []Anchor
	names := make(map[string]bool)
	if len(files) > maxAnchors {
		d.fault("identity.anchors", "must be at most %d", maxAnchors)
	}
	for i, f := range files {
		path := fmt.Sprintf("identity.anchors[%d]", i)
		switch {
		case d.faulty(path + ".name"):
		case !nameForm.MatchString(f.Name):
			d.fault(path+".name", "must have only lower-case letters, digits and hyphens, at most 63 characters, and not begin with a hyphen")
		case names[f.Name]:
			d.fault(path+".name", "another anchor has this name")
		}
		names[f.Name] = true
		all = append(all, Anchor{f.Name, d.anchorFields(f.Fields, path+".fields", sources)})
	}
	return all
}

func (d *decoder) anchorFields(list []string, path string, sources []Source) map[string]string {
	fields := make(map[string]string)
	known := make(map[string]bool)
	for i := range sources {
		known[sources[i].Name] = true
	}
	for i, s := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		source, field, ok := strings.Cut(s, "/") // only at the first slash: the name of a field may contain slashes
		_, given := fields[source]
		switch {
		case d.faulty(at):
		case !ok || source == "" || field == "":
			d.fault(at, "must be source/field, such as chat/employeeNumber")
		case !known[source]:
			d.noSource(source, at, known)
		case given:
			d.fault(at, "the list has another field of this source")
		case !hasField(sources, source, field):
			d.fault(at, "accounts of this kind of source have only the fields id and username")
		}
		fields[source] = field
	}
	if len(list) < 2 && !d.faulty(path) {
		d.fault(path, "must name fields of at least two sources")
	}
	return fields
}

// hasField reports whether accounts of a source can have the field.
func hasField(sources []Source, name, field string) bool {
	if field == connectors.AccountID || field == connectors.AccountUsername {
		return true
	}
	i := slices.IndexFunc(sources, func(s Source) bool { return s.Name == name })
	kind := connectors.KindNamed(sources[i].Kind)
	if kind == nil { // which is a fault of its own
		return true
	}
	return kind.NamesFields()
}
