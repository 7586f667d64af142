package coerce

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"time"
)

// scalar returns the coerced value of a scalar, or what is wrong with v. JSON and unknown scalars accept every value.
func scalar(name string, v any) (any, string) {
	switch name {
	case "Int":
		return toInt(v)
	case "Float":
		return toFloat(v)
	case "ID":
		return toID(v)
	case "String":
		if _, ok := v.(string); !ok {
			return nil, "is not a String"
		}
	case "Boolean":
		if _, ok := v.(bool); !ok {
			return nil, "is not a Boolean: true or false"
		}
	case "DateTime":
		if text, ok := v.(string); !ok || !isDateTime(text) {
			return nil, "is not a DateTime: a string as in RFC 3339, with an offset"
		}
	case "URL":
		if text, ok := v.(string); !ok || !isURL(text) {
			return nil, "is not a URL: a string with an absolute address"
		}
	}
	return v, ""
}

func toInt(v any) (any, string) {
	const none, large = "is not an Int: a whole number", "is not an Int: a whole number of 32 bits"
	n := int64(0)
	switch v := v.(type) {
	case int64:
		n = v
	case json.Number:
		var err error
		if n, err = strconv.ParseInt(string(v), 10, 64); err == nil {
			break
		}
		f, err := strconv.ParseFloat(string(v), 64)
		switch {
		case err == nil && f != math.Trunc(f):
			return nil, none
		case err != nil, math.Abs(f) > math.MaxUint32:
			return nil, large
		}
		n = int64(f)
	default:
		return nil, none
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return nil, large
	}
	return n, ""
}

func toFloat(v any) (any, string) {
	const none = "is not a Float: a number"
	switch v := v.(type) {
	case float64:
		return v, ""
	case int64:
		return float64(v), ""
	case json.Number:
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil {
			return nil, none + " that a double can hold"
		}
		return f, ""
	}
	return nil, none
}

// toID accepts whole numbers of any size and notation, because an ID is a string.
func toID(v any) (any, string) {
	const none = "is not an ID: a string or a whole number"
	if _, ok := v.(string); ok {
		return v, ""
	}
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10), ""
	case json.Number:
		if isDigits(string(v)) {
			return string(v), ""
		}
		f, err := strconv.ParseFloat(string(v), 64)
		if err != nil || f != math.Trunc(f) {
			return nil, none
		}
		if f == 0 { // also minus zero
			return "0", ""
		}
		return strconv.FormatFloat(f, 'f', -1, 64), ""
	}
	return nil, none
}

// isDigits reports whether a number has neither fraction nor exponent. Minus zero does not count as such a number.
func isDigits(number string) bool {
	for i := range len(number) {
		if c := number[i]; (c < '0' || c > '9') && (c != '-' || i > 0) {
			return false
		}
	}
	return number != "-0"
}

func isDateTime(text string) bool {
	_, err := time.Parse(time.RFC3339, text)
	return err == nil
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "")
}
