package sidecar

import (
	"context"
	"sync"

	"github.com/englacial/zagg/core"
)

// Early begins to read a sidecar and gives a reader like src, whose Load of that sidecar gets what is on its way: who has another
// sidecar to read before saves a round trip.
func Early(ctx context.Context, src core.ObjectReader, url string) core.ObjectReader {
	e := &early{ObjectReader: src, url: url, done: make(chan struct{})}
	go func() {
		defer close(e.done)
		e.data, e.err = src.ReadRanges(ctx, url, firstPiece())
	}()
	return e
}

type early struct {
	core.ObjectReader
	url  string
	used sync.Once
	done chan struct{}
	data [][]byte
	err  error
}

func (e *early) Expect(v core.ObjectInfo) bool { return core.Expect(e.ObjectReader, v) }

func (e *early) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	first := false
	if url == e.url && len(ranges) == 1 && ranges[0] == firstPiece()[0] {
		e.used.Do(func() { first = true })
	}
	if !first {
		return e.ObjectReader.ReadRanges(ctx, url, ranges)
	}
	<-e.done // ends with its context, which is that of the granule's reading
	return e.data, e.err
}
