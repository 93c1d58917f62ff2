package objstore

// Reading one known version of one object.

import (
	"context"

	"github.com/englacial/zagg/core"
)

// A VersionReader can read an object on the condition that it is still the version with an ETag.
type VersionReader interface {
	core.ObjectReader
	// ReadVersion is ReadRanges of the version of an object that had this ETag. If the object is another one now, the
	// error has ErrPrecondition in its chain, and no bytes come with it.
	ReadVersion(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, error)
}

// Pin reads the version of an object that its state tells: whoever reads it in several calls gets bytes of that
// version or ErrPrecondition, never a mixture. Other URLs are core.Internal.
func Pin(r VersionReader, version core.ObjectInfo) core.ObjectReader { return pinned{r, version} }

type pinned struct {
	reader  VersionReader
	version core.ObjectInfo
}

func (p pinned) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if url != p.version.URL {
		return nil, core.Errorf(core.Internal, "objstore.Pin", url, "was not what was pinned: %s", p.version.URL)
	}
	return p.reader.ReadVersion(ctx, url, p.version.ETag, ranges)
}

func (p pinned) Stat(context.Context, string) (core.ObjectInfo, error) { return p.version, nil }
