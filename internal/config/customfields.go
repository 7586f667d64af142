package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/names"
)

const (
	// maxAttributes bounds the attributes of one object: it is the assumedSize of the lists of attributes in the schema.
	maxAttributes = 20
	// maxCustomFields bounds the work of each build.
	maxCustomFields = 100
	maxPath         = 200
)

// attributeForm is that of names in GraphQL, so that clients can use them as names of their own.
var attributeForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,62}$`)

// customFields gives each source its custom fields, and the fields that anchors name.
func (d *decoder) customFields(files []customFile, c *Config) {
	known := make(map[string]bool)
	for i := range c.Sources {
		known[c.Sources[i].Name] = true
	}
	if len(files) > maxCustomFields {
		d.fault("custom_fields", "must be at most %d", maxCustomFields)
	}
	types := make(map[string]int) // by name: the first entry
	for i, f := range files {
		path := fmt.Sprintf("custom_fields[%d]", i)
		source := slices.IndexFunc(c.Sources, func(s Source) bool { return s.Name == f.Source })
		if source < 0 {
			if !d.faulty(path + ".source") {
				d.noSource(f.Source, path+".source", known)
			}
			continue
		}
		field := connectors.CustomField{
			Path: f.Path, Name: f.As, Type: connectors.CustomType(max(0, slices.Index(connectors.CustomTypes[:], cmp.Or(f.Type, "text")))), //nolint:gosec // few
		}
		d.customField(field, path, &c.Sources[source])
		if first, ok := types[f.As]; !ok {
			types[f.As] = i
		} else if cmp.Or(files[first].Type, "text") != cmp.Or(f.Type, "text") && !d.faulty(path+".type") {
			d.fault(path+".type", "must be that of custom_fields[%d], which has the same name", first)
		}
		c.Sources[source].CustomFields = append(c.Sources[source].CustomFields, field)
	}
	if len(types) > maxAttributes {
		d.fault("custom_fields", "must give at most %d different names", maxAttributes)
	}
	d.anchoredFields(c)
}

// customField checks a field against its source, and against the other fields of the source.
func (d *decoder) customField(f connectors.CustomField, path string, source *Source) {
	kind := connectors.KindNamed(source.Kind)
	if kind != nil {
		d.hasRecords(kind, path+".source", source)
	}
	switch {
	case d.faulty(path + ".path"):
	case f.Path == connectors.AccountID || f.Path == connectors.AccountUsername:
		d.fault(path+".path", "%s is no custom field: the graph has it as %s", f.Path, map[string]string{"id": "externalId", "username": "username"}[f.Path])
	case strings.TrimSpace(f.Path) != f.Path || f.Path == "" || len(f.Path) > maxPath || strings.ContainsFunc(f.Path, names.Ignorable):
		d.fault(path+".path", "must be the name of a field as the source has it, without spaces around it and invisible characters, and at most %d bytes", maxPath)
	case slices.ContainsFunc(source.CustomFields, func(other connectors.CustomField) bool { return other.Path == f.Path }):
		d.fault(path+".path", "another entry has this field of the source")
	}
	switch {
	case d.faulty(path + ".as"):
	case !attributeForm.MatchString(f.Name):
		d.fault(path+".as", "must begin with a letter, and have only letters, digits and underscores, at most 63")
	case slices.ContainsFunc(source.CustomFields, func(other connectors.CustomField) bool { return other.Name == f.Name }):
		d.fault(path+".as", "another field of this source has this name")
	}
}

// hasRecords checks that records are read from a source that can have custom fields.
func (d *decoder) hasRecords(kind *connectors.Kind, path string, source *Source) {
	unread := ""
	for _, c := range connectors.AllCollections {
		if !kind.HasCustomFields(c) {
			continue
		}
		if _, reads := source.Collections[c]; reads {
			return
		}
		unread = c.String()
	}
	if unread == "" {
		d.fault(path, "records of kind %s have no custom fields", kind.Name)
		return
	}
	d.fault(path, "no %[1]s are read from this source: remove %[1]s: false from its collections, or name another source", unread)
}

// anchoredFields gives each source the custom fields that anchors name, because a source is asked for custom fields only if something needs them.
func (d *decoder) anchoredFields(c *Config) {
	for _, anchor := range c.Identity.Anchors {
		for i := range c.Sources {
			s := &c.Sources[i]
			if field := anchor.Fields[s.Name]; field != "" && field != connectors.AccountID && field != connectors.AccountUsername {
				s.Anchors = append(s.Anchors, field)
			}
		}
	}
}
