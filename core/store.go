package core

import (
	"context"
	"io"
	"time"
)

// An ObjectReader reads ranges of objects named by URL. Safe for concurrent use.
type ObjectReader interface {
	// ReadRanges returns the bytes of the ranges, in the same order. A range beyond the object's end is cut, without an error.
	// The caller must not write to the slices: they may share memory with a cache or with each other.
	ReadRanges(ctx context.Context, url string, ranges []Range) ([][]byte, error)
	// Stat returns size, ETag and time of an object, NotFound if it does not exist.
	Stat(ctx context.Context, url string) (ObjectInfo, error)
}

// An Expecter is an ObjectReader that can be restricted to a known version of an object, so that no Stat is needed. Support is
// optional: use Expect.
type Expecter interface {
	ObjectReader
	// Expect reports whether later reads of the object at v.URL succeed only for the version with v's ETag and Size.
	Expect(v ObjectInfo) bool
}

// Expect restricts a reader to a version of an object. It returns false if the reader does not support this; then use Stat.
func Expect(r ObjectReader, v ObjectInfo) bool {
	e, ok := r.(Expecter)
	return ok && e.Expect(v)
}

// An ObjectStore can also be written to. Product readers never get one. Safe for concurrent use, also with other stores of the same service.
type ObjectStore interface {
	ObjectReader
	// Put is atomic: the object appears whole or not at all. Of concurrent Puts of one object the last to end wins. A
	// concurrent reader gets the old or the new object. Missing folders are created; a missing bucket is NotFound. When Put
	// returns nil, every later read, Stat and List sees the object.
	Put(ctx context.Context, url string, body io.Reader, opt PutOptions) error
	// Delete removes objects; missing ones are not an error. When it returns nil, no later read or List sees them.
	Delete(ctx context.Context, urls ...string) error
	// List calls visit for every object whose URL begins with prefix (with or without "/" at its end), once each, in bytewise
	// order of URLs, and not concurrently. A prefix without objects is not an error; a missing bucket is NotFound. An error of
	// visit ends the listing and is returned unchanged. visit may use the store; objects created or deleted meanwhile may or may
	// not be visited.
	List(ctx context.Context, prefix string, visit func(ObjectInfo) error) error
}

// A Range is Length bytes at Offset.
type Range struct{ Offset, Length int64 }

// ObjectInfo describes an object without its contents. Size is in bytes.
type ObjectInfo struct {
	URL, ETag string
	Size      int64
	Modified  time.Time
}

// PutOptions are the conditions and headers of a Put.
//
// Support of conditions is optional. With it, of any number of concurrent Puts with mutually exclusive conditions, by any number
// of processes, one succeeds and the others fail. A store without support returns Unsupported. Some services ignore conditions
// and write; package objstore's Conditions detects this by trying.
type PutOptions struct {
	Size        int64  // bytes; -1: unknown
	IfMatch     string // "": no condition; "*none": the object must not exist; else the ETag that it must have
	ContentType string
}
