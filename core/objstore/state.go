package objstore

import (
	"context"
	"errors"

	"github.com/englacial/zagg/core"
)

// A StateReader tells of which version of an object the bytes are that it reads. It is an optional power of readers.
type StateReader interface {
	core.ObjectReader
	// ReadState is ReadRanges of one version of an object, and says which: all ranges are of it. With an etag it is the version
	// that has this one; if the object is another now, the error has ErrPrecondition in its chain, and no bytes come with it.
	// The state has no ETag where the service gives none that stands for every byte.
	ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error)
}

// ReadState asks a reader that can tell, and reads without a condition through one that cannot: then it tells nothing.
func ReadState(ctx context.Context, r core.ObjectReader, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	if s, ok := r.(StateReader); ok {
		return s.ReadState(ctx, url, etag, ranges)
	}
	data, err := r.ReadRanges(ctx, url, ranges)
	return data, core.ObjectInfo{}, err
}

// triesOfState is how often an object may change under ReadAllState before that is an error.
const triesOfState = 5

// ReadAllState is ReadAll, and says of which version the bytes are. A reader that is no StateReader is asked for the object's
// state before and after.
func ReadAllState(ctx context.Context, r core.ObjectReader, url string, limit int64) ([]byte, core.ObjectInfo, error) {
	for range triesOfState {
		before, err := r.Stat(ctx, url)
		if err != nil {
			return nil, core.ObjectInfo{}, err
		}
		data, after, same, err := readSince(ctx, r, url, before, limit)
		if err != nil || same {
			return data, after, err
		}
	}
	return nil, core.ObjectInfo{}, core.Errorf(core.Unavailable, "objstore.Read", url, "the object changes all the time")
}

// readSince reads a whole object whose state was before; same: it is still that, so that the bytes are of that version.
func readSince(ctx context.Context, r core.ObjectReader, url string, before core.ObjectInfo, limit int64) (data []byte, after core.ObjectInfo, same bool, err error) {
	if data, err = ReadAll(ctx, r, url, limit); err != nil {
		return nil, core.ObjectInfo{}, false, err
	}
	if after, err = r.Stat(ctx, url); err != nil {
		return nil, core.ObjectInfo{}, false, err
	}
	return data, after, before.ETag == after.ETag && int64(len(data)) == after.Size, nil
}

// Conditions is nil if a store keeps the conditions of Puts (PutOptions.IfMatch), and Unsupported if it does not or refuses
// them. It asks the store to replace an object that exists, data, by itself on conditions that do not hold.
func Conditions(ctx context.Context, s core.ObjectStore, url string, data []byte) error {
	for _, condition := range []string{MustNotExist, `"00000000000000000000000000000000"`} {
		err := PutBytes(ctx, s, url, data, core.PutOptions{IfMatch: condition, ContentType: "application/json"})
		switch {
		case err == nil:
			return core.Errorf(core.Unsupported, "objstore.Put", url, "this service writes objects whether or not a condition holds (If-Match, If-None-Match)")
		case !errors.Is(err, ErrPrecondition):
			return err
		}
	}
	return nil
}
