package rocketchat

import (
	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// page reads a page of a list, with its rows under key. Not every version says where the rows stand and how many there are. Numbers that cannot be
// read are noted, and speak against the rows as wrong ones do.
func page(resp *rest.Response, key string, asked int, notes *connectors.Anomalies) (connectors.Page[decode.Value], error) {
	p := connectors.Page[decode.Value]{Offset: asked, Asked: pageSize}
	list, err := resp.Document()
	if err != nil {
		return p, err
	}
	if p.Rows, err = rows(resp, list, key); err != nil {
		return p, err
	}
	list = list.Noting(notes)
	total, totalOK := list.Count("total")
	count, countOK := list.Count("count") // of these rows
	offset, offsetOK := list.Count("offset")
	p.Total, p.Contradicts = total, !totalOK || !countOK || !offsetOK || count != nil && *count != len(p.Rows)
	if offset != nil && *offset != asked {
		p.Offset = -1 // another page than the one asked for
	}
	return p, nil
}

// rows returns the rows of an answer. What has none under that key is not what was asked for.
func rows(resp *rest.Response, list decode.Value, key string) ([]decode.Value, error) {
	rows, ok, err := resp.Rows(list, key)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return rows, nil
	case list.Has(key):
		return nil, resp.Unexpected(key)
	}
	return nil, missing(resp, key)
}

// rowID returns the ID of a row of any list.
func rowID(row decode.Value) string { return row.RowID("_id", nil) }
