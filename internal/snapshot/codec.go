package snapshot

import (
	"errors"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"

	"roster/connectors"
	"roster/connectors/wire"
)

// Encoding is the version of the encoding of records, without the details of accounts: see Item.Encoding.
//
// The encoding is our own: the fields in their order, lengths as varints, compressed by zstd in parts of whole records. Compared with
// CBOR, gob and JSON (BenchmarkCodecs; numbers in bench/redis.md) the encoding decodes about five times as fast with a quarter of the
// allocations, because the decoder looks up no names and the strings of a part share one piece of memory. It is also the smallest. Unlike
// gob it distinguishes nil, empty and a pointer to a zero value, and unlike JSON it keeps text that is not valid UTF-8.
const Encoding = 1

const (
	// partSize is about how many bytes of records one part has before compression. It is so far below the limit of a part (MaxPart) that
	// one more record of any likely size fits.
	partSize = 2 << 20
	// MaxPart bounds the decompressed size of one part. Only a single record could exceed it, and a collection with such a record is not
	// shared.
	MaxPart = 64 << 20
)

// The process creates each coder once and keeps its memory: EncodeAll and DecodeAll are safe for concurrent use.
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

// encode returns the records in parts that can each be decoded alone. The same records give the same parts in every process of a release.
func (k kindOf[T]) encode(r Records) ([][]byte, error) {
	records := *k.field(&r)
	var parts [][]byte
	w := wire.NewEncoder(make([]byte, 0, partSize+partSize/8))
	flush := func() error {
		if w.Len() > MaxPart {
			return errors.New("a record is too large to be stored")
		}
		parts = append(parts, packer().EncodeAll(w.Output(), make([]byte, 0, w.Len()/4)))
		w.Reset()
		return nil
	}
	for i := range records {
		if k.fields(w, &records[i]); w.Err() != nil {
			return nil, errors.New("a record has details that its kind of source does not describe")
		}
		if w.Len() >= partSize {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	if w.Len() > 0 {
		if err := flush(); err != nil {
			return nil, err
		}
	}
	return parts, nil
}

// decode decodes count records, which must be in order. For any input, decode does not panic, and takes memory only in proportion to the
// decompressed size.
func (k kindOf[T]) decode(parts [][]byte, count int) (Records, error) {
	var r Records
	if count < 0 {
		return Records{}, wire.ErrMalformed
	}
	var records []T
	if count > 0 {
		records = make([]T, 0, min(count, len(parts)*1<<14)) // a wrong count allocates no more
	}
	last := ""
	for _, part := range parts {
		data, err := unpacker().DecodeAll(part, nil)
		if err != nil {
			return Records{}, wire.ErrMalformed // the cause may quote the data
		}
		for w := wire.NewDecoder(data); w.Len() > 0; {
			if len(records) == count {
				return Records{}, wire.ErrMalformed
			}
			records = append(records, *new(T))
			v := &records[len(records)-1]
			k.fields(w, v)
			id := (*v).Key()
			if w.Err() != nil || (len(records) > 1 && id <= last) {
				return Records{}, wire.ErrMalformed
			}
			last = id
		}
	}
	if len(records) != count {
		return Records{}, wire.ErrMalformed
	}
	*k.field(&r) = records
	return r, nil
}

// Decode returns the records of a collection, without details of accounts, from the parts that the shared store has kept. It returns an error if an encoder of this
// version cannot have written them.
func Decode(c connectors.Collection, parts [][]byte, count int) (Records, error) {
	return kinds[c].decode(parts, count)
}

// Encode returns the records of a collection, without details of accounts, as parts for the shared store.
func Encode(c connectors.Collection, r Records) ([][]byte, error) { return kinds[c].encode(r) }

// size measures the records with the same description of their fields.
func (k kindOf[T]) size(r Records) int {
	records := *k.field(&r)
	w := wire.NewSizer(cap(records) * wire.SizeOf[T]())
	for i := range records {
		k.fields(w, &records[i])
	}
	return w.Size()
}
