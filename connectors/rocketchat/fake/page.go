package fake

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// page is the part of a list that the call asks for.
func (c *call) page(total int) (from, to int) {
	fallback := orElse(c.options.DefaultCount, 50)
	count, err := strconv.Atoi(c.query.Get("count"))
	switch {
	case err != nil || count < 0:
		count = fallback
	case count == 0 && c.options.NoInfiniteCount:
		count = fallback
	case count == 0:
		count = math.MaxInt
	default:
		count = min(count, orElse(c.options.MaxCount, 100))
	}
	from = min(c.offset(), total)
	return from, from + min(count, total-from)
}

// paged is a success with rows and the numbers about them.
func (c *call) paged(key string, rows []object, total int) answer {
	return success(object{key: rows, "count": len(rows), "offset": c.offset(), "total": total})
}

func (c *call) offset() int {
	offset, err := strconv.Atoi(c.query.Get("offset"))
	if err != nil {
		return 0
	}
	return max(0, offset)
}

// order reads the sort parameter: an object of fields with 1 or -1, in its own order. ok is false where it is none.
func (c *call) order() (keys []sortKey, ok bool) {
	raw := c.query.Get("sort")
	if raw == "" {
		return []sortKey{{field: "username"}}, true
	}
	dec := json.NewDecoder(strings.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	for dec.More() {
		field, err := dec.Token()
		if err != nil {
			return nil, false
		}
		way, err := dec.Token()
		name, isText := field.(string)
		if err != nil || !isText || (way != 1.0 && way != -1.0) {
			return nil, false
		}
		keys = append(keys, sortKey{field: name, down: way == -1.0})
	}
	if _, err := dec.Token(); err != nil || dec.More() {
		return nil, false
	}
	return keys, true
}
