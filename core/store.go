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

// An ObjectStore can also be written. Readers never get one.
type ObjectStore interface {
	ObjectReader
	// Put makes the object appear whole or not at all.
	Put(ctx context.Context, url string, body io.Reader, opt PutOptions) error
	// Delete removes objects; one that does not exist is no error.
	Delete(ctx context.Context, urls ...string) error
	// List visits every object whose URL begins with prefix, in URL order.
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
type PutOptions struct {
	Size        int64  // -1: not known
	IfMatch     string // "" any, "*none" must not exist, else the ETag it must have
	ContentType string
}
