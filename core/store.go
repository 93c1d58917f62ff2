package core

import (
	"context"
	"io"
	"time"
)

// An ObjectReader reads ranges of objects named by URL. Safe for concurrent use.
type ObjectReader interface {
	// ReadRanges answers in the order asked. A range is cut at the object's end; that is no error. The slices are the
	// caller's to read, not to write: they may share memory with a cache or with each other.
	ReadRanges(ctx context.Context, url string, ranges []Range) ([][]byte, error)
	Stat(ctx context.Context, url string) (ObjectInfo, error)
}

// An Expecter is an ObjectReader that can be held to the version of an object that somebody has noted, so that the object's state need
// not be asked for. It is an optional power: use Expect.
type Expecter interface {
	ObjectReader
	// Expect reports whether the object at v.URL is read, from now on, in the version with v's ETag and Size or not at all.
	Expect(v ObjectInfo) bool
}

// Expect holds a reader to a version of an object. False: the reader cannot be held to it, so that Stat must tell what is there.
func Expect(r ObjectReader, v ObjectInfo) bool {
	e, ok := r.(Expecter)
	return ok && e.Expect(v)
}

// An ObjectStore can also be written. Readers never get one. Safe for concurrent use, also with other stores of the same service.
type ObjectStore interface {
	ObjectReader
	// Put makes the object appear whole or not at all, whatever fails and whoever else writes it: of Puts of one object at the
	// same time the last to end stands. Who reads meanwhile gets the object of before or of after. What a name needs above it
	// (folders) is made; a bucket is not, and is NotFound. When Put returns nil, every later read, Stat and List sees it.
	Put(ctx context.Context, url string, body io.Reader, opt PutOptions) error
	// Delete removes objects; one that does not exist is no error. When it returns nil, no later read or List sees them.
	Delete(ctx context.Context, urls ...string) error
	// List visits every object whose URL begins with prefix, whether or not that ends in "/", once, in bytewise URL order, one
	// after another. A prefix under which there is nothing is no error; a bucket that does not exist is NotFound. An error of
	// visit ends the list and is returned as it is. visit may use the store: objects that come or go meanwhile may be visited or
	// not, all others are.
	List(ctx context.Context, prefix string, visit func(ObjectInfo) error) error
}

// A Range is Length bytes from Offset.
type Range struct{ Offset, Length int64 }

// ObjectInfo is what is known of an object without reading it.
type ObjectInfo struct {
	URL, ETag string
	Size      int64
	Modified  time.Time
}

// PutOptions are the conditions and headers of a Put.
//
// Conditions are an optional power: of any number of Puts at the same time, by any number of processes, on conditions that
// exclude each other one is done, and the others fail. A store that has not that power answers Unsupported; but some services
// answer nothing and write, which is found by trying (package objstore's Conditions).
type PutOptions struct {
	Size        int64  // -1: not known
	IfMatch     string // "" any, "*none" must not exist, else the ETag it must have
	ContentType string
}
