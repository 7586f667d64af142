package directory

import (
	"maps"
	"slices"
	"testing"
)

// FuzzID checks that decoding is the inverse of encoding, and rejects all other text.
func FuzzID(f *testing.F) {
	kinds := slices.Sorted(maps.Keys(idKindNames))
	f.Add(uint8(0), "worksection", "3993", "")
	f.Add(uint8(3), "kommo", "a/b\x00\xff", encodeID(userID, "kommo", "7"))
	f.Add(uint8(8), "s", "", encodeID(sourceID, "s", "")+"\n")
	f.Add(uint8(1), "", "", "VQ==")
	f.Fuzz(func(t *testing.T, k uint8, source, id, noise string) {
		kind := kinds[int(k)%len(kinds)]
		encoded := encodeID(kind, source, id)
		gotKind, gotSource, gotID, ok := decodeID(encoded)
		if whole := gotSource + idSep + gotID; !ok || gotKind != kind || whole != source+idSep+id {
			t.Errorf("%c %q %q comes back as %c %q %q, %v", kind, source, id, gotKind, gotSource, gotID, ok)
		}
		if kind, source, id, ok := decodeID(noise); ok && encodeID(kind, source, id) != noise {
			t.Errorf("%q is taken for the ID of %c %q %q", noise, kind, source, id)
		}
	})
}

// FuzzCursor checks the same for cursors.
func FuzzCursor(f *testing.F) {
	f.Add(byte('U'), uint8(0), false, false, "key", "id", "")
	f.Add(byte('C'), uint8(3), true, true, "", "id", encodeCursor(listTag{}, 0, false, place{key: "key", id: "id"}))
	f.Add(byte('T'), uint8(0), false, false, "\x00\xff", "x", "AVUAAAA")
	f.Fuzz(func(t *testing.T, kind byte, field uint8, desc, without bool, key, id, noise string) {
		if without || id == "" {
			key, id = "", id+"x"
		}
		at := place{without: without, key: key, id: id}
		list := (&table{kind: kind}).tag(key)
		encoded := encodeCursor(list, int(field), desc, at)
		if got, err := cursorPlace(list, "after", encoded, int(field), desc); err != nil || got != at {
			t.Errorf("%+v comes back as %+v, %v", at, got, err)
		}
		if got, err := cursorPlace(list, "after", noise, int(field), desc); err == nil && encodeCursor(list, int(field), desc, got) != noise {
			t.Errorf("%q is taken for the cursor of %+v", noise, got)
		}
		if _, err := cursorPlace(list, "after", encoded, int(field), !desc); err == nil {
			t.Error("a cursor of the other direction is accepted")
		}
		for _, other := range []listTag{(&table{kind: kind + 1}).tag(key), (&table{kind: kind}).tag(key + "x")} {
			if _, err := cursorPlace(other, "after", encoded, int(field), desc); err == nil {
				t.Error("a cursor of another list is accepted")
			}
		}
	})
}
