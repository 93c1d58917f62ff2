package objstore

// Whole objects with their ETag, for documents that are polled: an unchanged one is not sent again.

import (
	"context"
	"errors"

	"github.com/englacial/zagg/core"
)

// ErrUnchanged is in the chain of the error of a Get of an object that still has the ETag that the caller knows.
var ErrUnchanged = errors.New("the object is still the one that is known")

// A Getter reads a whole object, with its ETag, in one request. It is an optional power of readers.
type Getter interface {
	// Get reads an object of at most limit bytes (more is Invalid). ErrUnchanged, where its ETag is known ("": none is).
	Get(ctx context.Context, url, known string, limit int64) ([]byte, core.ObjectInfo, error)
}

// Get reads an object whole, with its ETag: in one request if the reader is a Getter, otherwise in three (Stat, read,
// Stat), as often as the object changes in between. Errors: Invalid for more than limit bytes, and with ErrUnchanged
// in the chain if the object still has the ETag known ("": none is known).
func Get(ctx context.Context, r core.ObjectReader, url, known string, limit int64) ([]byte, core.ObjectInfo, error) {
	if g, ok := r.(Getter); ok {
		return g.Get(ctx, url, known, limit)
	}
	for {
		before, err := r.Stat(ctx, url)
		if err != nil {
			return nil, core.ObjectInfo{}, err
		}
		if known != "" && before.ETag == known {
			return nil, before, core.Errorf(core.Invalid, "objstore.Get", url, "%w", ErrUnchanged)
		}
		data, after, same, err := readSince(ctx, r, url, before, limit)
		if err != nil || same {
			return data, after, err
		}
		if err := ctx.Err(); err != nil {
			return nil, core.ObjectInfo{}, core.Errorf(core.Unavailable, "objstore.Get", url, "%w", err)
		}
	}
}

// Get asks again for what fails with core.Unavailable.
func (r retryReader) Get(ctx context.Context, url, known string, limit int64) (data []byte, info core.ObjectInfo, err error) {
	err = r.policy.Do(ctx, func() error {
		data, info, err = Get(ctx, r.reader, url, known, limit)
		return err
	})
	return data, info, err
}

// Get counts as one GET.
func (m meterReader) Get(ctx context.Context, url, known string, limit int64) ([]byte, core.ObjectInfo, error) {
	m.c.gets.Add(1)
	data, info, err := Get(ctx, m.reader, url, known, limit)
	m.c.down.Add(int64(len(data)))
	if errors.Is(err, ErrUnchanged) {
		return data, info, err
	}
	return data, info, m.c.failed(err)
}
