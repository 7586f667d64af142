package config

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxFile bounds the configuration file and each secret's file; a wrong path may name an endless file.
const maxFile = 1 << 20

// parseDocument returns the mapping of settings in the file.
func parseDocument(data []byte) (*yaml.Node, *Fault) {
	if len(data) > maxFile {
		return nil, &Fault{Message: "the file is larger than 1 MiB"}
	}
	if !utf8.Valid(data) {
		return nil, &Fault{Line: lineOfInvalid(data), Message: "not text in UTF-8: save the file in UTF-8"}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return nil, &Fault{Message: "the file is empty: name at least one source under sources"}
	case err != nil:
		fault := syntaxFault(err)
		if startsWithTab(data, fault.Line) {
			fault.Message = "not valid YAML: a tab at the beginning of the line: indent with spaces"
		}
		return nil, fault
	}
	root := doc.Content[0]
	var second yaml.Node
	if err := dec.Decode(&second); err == nil {
		return nil, &Fault{Line: second.Line, Column: second.Column, Message: "a second document begins here: there must be one"}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxFault(err)
	}
	if root.Kind != yaml.MappingNode {
		return nil, &Fault{Line: root.Line, Column: root.Column, Message: "must be a mapping of settings, such as listen: 127.0.0.1:8080"}
	}
	return root, nil
}

// syntaxFault returns the fault of invalid YAML, with its place. The parser's messages are fixed texts. Those of other stages may quote the file,
// maybe a secret, and are left out.
func syntaxFault(err error) *Fault {
	e, ok := errors.AsType[*yaml.LoadError](err)
	if !ok {
		return &Fault{Message: "not valid YAML"}
	}
	f := &Fault{Line: e.Mark.Line, Column: e.Mark.Column, Message: "not valid YAML"}
	switch {
	case e.Stage == yaml.ScannerStage || e.Stage == yaml.ParserStage:
		f.Message += ": " + e.Message + syntaxHint(e.Message)
	case e.Stage == yaml.ReaderStage:
		f.Message += ": control characters are not allowed"
	case strings.Contains(e.Message, "anchor"):
		f.Message += ": an alias without its anchor; a text that begins with * or & needs quotes"
	}
	return f
}

// syntaxHints say what to look at, by the beginning of the parser's message.
var syntaxHints = []struct{ message, hint string }{
	{"found unexpected end of stream", "a closing quotation mark is missing"},
	{"did not find expected ','", "a comma, a closing bracket or quotation marks are missing"},
	{"did not find expected key", "check the indentation of this line and of the lines above it"},
	{"did not find expected '-'", "check the indentation of this line and of the lines above it"},
	{"could not find expected ':'", "a key needs a colon and a space after it"},
	{"mapping values are not allowed", "check the indentation; a text that contains a colon and a space needs quotes"},
	{"found character that cannot start", "a text that begins with %, @ or ` needs quotes"},
	{"found unknown escape character", "write \\\\ for a backslash, or use single quotes"},
}

func syntaxHint(message string) string {
	for _, h := range syntaxHints {
		if strings.HasPrefix(message, h.message) {
			return "; " + h.hint
		}
	}
	return ""
}

// startsWithTab reports whether the indentation of a line has a tab. The first line is 1.
func startsWithTab(data []byte, line int) bool {
	lines := bytes.SplitN(data, []byte{'\n'}, line+1)
	if line < 1 || len(lines) < line {
		return false
	}
	text := lines[line-1]
	return bytes.ContainsRune(text[:len(text)-len(bytes.TrimLeft(text, " \t"))], '\t')
}

func lineOfInvalid(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[size:]
	}
	return line
}
