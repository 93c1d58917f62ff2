package objstore

// Keeping bytes that were read, within a budget of memory that the caller guards.

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// A Cache keeps what is read of objects that do not change, as long as there is room, so that they need not be read
// again. It is safe for concurrent use. Two readers that ask for the same bytes at once both read them: keeping is no
// lock.
type Cache struct {
	room func(bytes int64) bool // asked before something is kept

	mu   sync.Mutex
	kept map[string][]segment // by URL, in order of offset; they may overlap
}

// A segment is bytes of an object from an offset on. last says that the object ends there.
type segment struct {
	offset int64
	data   []byte
	last   bool
}

// NewCache is an empty cache. room says whether so many more bytes may be kept.
func NewCache(room func(bytes int64) bool) *Cache {
	return &Cache{room: room, kept: map[string][]segment{}}
}

// Over reads through the cache: a range that is part of one read before costs nothing. Results share memory with the
// cache and must not be changed.
func (c *Cache) Over(r core.ObjectReader) core.ObjectReader { return &cachedReader{r, c} }

type cachedReader struct {
	core.ObjectReader
	cache *Cache
}

func (r *cachedReader) Expect(v core.ObjectInfo) bool { return core.Expect(r.ObjectReader, v) }

func (r *cachedReader) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	out, missing := make([][]byte, len(ranges)), []int(nil)
	var ask []core.Range
	for i, want := range ranges {
		if out[i] = r.cache.find(url, want); out[i] == nil {
			missing, ask = append(missing, i), append(ask, want)
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	got, err := r.ObjectReader.ReadRanges(ctx, url, ask)
	if len(got) != len(ask) {
		return nil, err
	}
	for k, i := range missing {
		if out[i] = got[k]; err == nil {
			r.cache.keep(url, ask[k], got[k])
		}
	}
	return out, err
}

// find is a range of an object; nil: not all of it is kept.
func (c *Cache) find(url string, want core.Range) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.kept[url] {
		from := want.Offset - s.offset
		if from < 0 || from > int64(len(s.data)) {
			continue
		}
		if rest := int64(len(s.data)) - from; want.Length <= rest || s.last {
			n := min(want.Length, rest)
			return s.data[from : from+n : from+n]
		}
	}
	return nil
}

// Drop lets go of what is kept of an object and says how many bytes that was.
func (c *Cache) Drop(url string) (bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.kept[url] {
		bytes += int64(len(s.data))
	}
	delete(c.kept, url)
	return bytes
}

// keep takes a range that was read. Fewer bytes than asked for mean that the object ends there.
func (c *Cache) keep(url string, asked core.Range, data []byte) {
	if len(data) == 0 || !c.room(int64(len(data))) {
		return
	}
	s := segment{asked.Offset, data, int64(len(data)) < asked.Length}
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.kept[url]
	at, _ := slices.BinarySearchFunc(list, s.offset, func(s segment, offset int64) int { return cmp.Compare(s.offset, offset) })
	c.kept[url] = slices.Insert(list, at, s)
}
