package snapshot

import (
	"errors"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"

	"roster/connectors"
)

// Encoding is the version of how records are encoded. Data of another version is not read, and lies under other keys.
//
// The encoding is our own: the fields in their order, lengths as varints, compressed by zstd in parts of whole records. Measured against
// CBOR, gob and JSON (BenchmarkCodecs; numbers in bench/redis.md) it decodes about five times as fast with a quarter of the allocations,
// because it looks up no names and the strings of a part share one piece of memory, and it is the smallest. Unlike gob it keeps nil, empty and
// a pointer to nothing apart, and unlike JSON it keeps text that is no UTF-8.
const Encoding = 1

const (
	// partSize is about how many bytes of records go into one part, before compression: far enough below what a part may have (MaxPart)
	// for a record of any likely size to follow.
	partSize = 2 << 20
	// MaxPart bounds what one part may unpack to. Only a single record could ask for more, and a collection with such a record is not shared.
	MaxPart = 64 << 20
)

// The coders are made once, and keep their memory: EncodeAll and DecodeAll are safe for concurrent use.
var (
	packer = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderCRC(false),
			zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
		if err != nil {
			panic(err) // the options above are constants
		}
		return e
	})
	unpacker = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxPart), zstd.WithDecoderConcurrency(0))
		if err != nil {
			panic(err) // as above
		}
		return d
	})
)

// encode gives the records in parts that can each be decoded alone. The same records give the same parts, in every process of a release.
func (k kindOf[T]) encode(r Records) ([][]byte, error) {
	records := *k.field(&r)
	var parts [][]byte
	w := &wire{buf: make([]byte, 0, partSize+partSize/8)}
	flush := func() error {
		if len(w.buf) > MaxPart {
			return errors.New("a record is too large to be stored")
		}
		parts = append(parts, packer().EncodeAll(w.buf, make([]byte, 0, len(w.buf)/4)))
		w.buf = w.buf[:0]
		return nil
	}
	for i := range records {
		if k.fields(w, &records[i]); len(w.buf) >= partSize {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if len(w.buf) > 0 {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// decode reads count records, which must be in order. Whatever the parts hold, it neither panics nor takes more memory than in proportion
// to what they unpack to.
func (k kindOf[T]) decode(parts [][]byte, count int) (Records, error) {
	var r Records
	if count < 0 {
		return Records{}, errWire
	}
	var records []T
	if count > 0 {
		records = make([]T, 0, min(count, len(parts)*1<<14)) // a count that lies gets no more
	}
	last := ""
	for _, part := range parts {
		data, err := unpacker().DecodeAll(part, nil)
		if err != nil {
			return Records{}, errWire // the cause may quote the data
		}
		for w := newReader(data); len(w.buf) > 0; {
			if len(records) == count {
				return Records{}, errWire
			}
			records = append(records, *new(T))
			v := &records[len(records)-1]
			k.fields(w, v)
			id := (*v).Key()
			if w.err != nil || (len(records) > 1 && id <= last) {
				return Records{}, errWire
			}
			last = id
		}
	}
	if len(records) != count {
		return Records{}, errWire
	}
	*k.field(&r) = records
	return r, nil
}

// Decode gives the records of a collection from the parts that a tier has kept, or an error where they are not what an encoder of this
// version writes.
func Decode(c connectors.Collection, parts [][]byte, count int) (Records, error) {
	return kinds[c].decode(parts, count)
}

// Encode gives the records of a collection in parts for a tier to keep.
func Encode(c connectors.Collection, r Records) ([][]byte, error) { return kinds[c].encode(r) }

// size measures the records with the same description of their fields.
func (k kindOf[T]) size(r Records) int {
	records := *k.field(&r)
	w := &wire{sizing: true, size: cap(records) * sizeOf[T]()}
	for i := range records {
		k.fields(w, &records[i])
	}
	return w.size
}
