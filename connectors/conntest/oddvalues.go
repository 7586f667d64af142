package conntest

import (
	"strconv"
	"strings"
)

// oddValues has values of every JSON type.
var oddValues = []string{
	`null`, `true`, `false`, `0`, `1.5`, `-1`, `""`, `"x"`, `[]`, `[1]`, `{}`, `{"a":1}`, `12345678901234567890123`,
}

// hostileValues are beyond the bounds of one value.
var hostileValues = []string{
	`"` + strings.Repeat("long ", 1000) + `"`,
	`[` + strings.Repeat(`1,`, 1100) + `1]`,
	`[` + strings.Repeat(`{"a":1},`, 1100) + `{"a":1}]`,
	strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000),
	`4611686018427387904`, `-4611686018427387904`, notUTF8, `{` + notUTF8 + `:` + notUTF8 + `}`,
}

const (
	// notText stands for invalid UTF-8 until an answer is written. It is a character that Unicode never assigns.
	notText = "\ufdd0"
	notUTF8 = `"A` + notText + `a"`
)

// hugeValues are such as an attacker sends. Each place of the first row gets one of them. As for other values, only the replaced value may be lost.
var hugeValues = []string{
	`"` + strings.Repeat("n", 110_000) + `"`,
	`[` + strings.Repeat(`"tag",`, 20_000) + `"tag"]`,
	`[` + strings.Repeat(`{"address":"a@example.com","value":"v","id":1},`, 2_400) + `{}]`,
	strings.Repeat(`{"a":`, 9900) + `1` + strings.Repeat(`}`, 9900),
	strings.Repeat(`[`, 9900) + strings.Repeat(`]`, 9900),
}

// hugeMark stands for one of the huge values until an answer is written, because encoding them as JSON takes longer than the test.
func hugeMark(i int) string { return hugePrefix + strconv.Itoa(i) + `"` }

const hugePrefix = `"` + "\ufdd1"

// largeRecord is more than the JSON of a record may have because of a huge value: a list has at most 1,000 items, and JSON that is passed on 64 kB.
const largeRecord = 96 << 10
