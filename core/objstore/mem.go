package objstore

// Objects in memory, for tests.

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
)

var _ core.ObjectStore = (*Mem)(nil)

// A Mem keeps objects in memory, for tests. Any text is a URL. The zero Mem is empty and ready to use, from any
// number of goroutines. It must not be copied.
type Mem struct {
	mu      sync.RWMutex
	objects map[string]memObject
	puts    int // gives each Put an ETag of its own
}

type memObject struct {
	data []byte
	info core.ObjectInfo
}

func (m *Mem) object(ctx context.Context, op, url string) (memObject, error) {
	if err := ctx.Err(); err != nil {
		return memObject{}, core.Errorf(core.Unavailable, op, url, "%w", err)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[url]
	if !ok {
		return memObject{}, core.Errorf(core.NotFound, op, url, "no such object")
	}
	return o, nil
}

// ReadRanges returns parts of the stored bytes, without a copy.
func (m *Mem) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	data, _, err := m.ReadState(ctx, url, "", ranges)
	return data, err
}

// ReadState is ReadRanges of what one Put left.
func (m *Mem) ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	const op = "objstore.Read"
	if err := CheckRanges(op, url, ranges); err != nil {
		return nil, core.ObjectInfo{}, err
	}
	o, err := m.object(ctx, op, url)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	if etag != "" && etag != o.info.ETag {
		return nil, core.ObjectInfo{}, core.Errorf(core.Invalid, op, url, "%w: the object has another ETag than %s", ErrPrecondition, etag)
	}
	data := make([][]byte, len(ranges))
	for i, r := range ranges {
		from, to := within(r, int64(len(o.data)))
		data[i] = o.data[from:to:to]
	}
	return data, o.info, nil
}

// Stat is what the last Put of the URL left.
func (m *Mem) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	o, err := m.object(ctx, "objstore.Stat", url)
	return o.info, err
}

// Put keeps a copy of the body.
func (m *Mem) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	const op = "objstore.Put"
	data, err := io.ReadAll(&bodyReader{ctx: ctx, body: body})
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return bodyError(op, url, err)
	}
	if err := CheckSize(op, url, int64(len(data)), opt); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.objects[url]
	switch {
	case opt.IfMatch == "":
	case opt.IfMatch == MustNotExist && exists:
		return core.Errorf(core.Invalid, op, url, "%w: the object exists already", ErrPrecondition)
	case opt.IfMatch != MustNotExist && opt.IfMatch != old.info.ETag:
		return core.Errorf(core.Invalid, op, url, "%w: the object has another ETag than %s, or does not exist", ErrPrecondition, opt.IfMatch)
	}
	if m.objects == nil {
		m.objects = map[string]memObject{}
	}
	m.puts++
	etag := fmt.Sprintf("%x-%x", len(data), m.puts)
	m.objects[url] = memObject{data, core.ObjectInfo{URL: url, ETag: etag, Size: int64(len(data)), Modified: time.Now()}}
	return nil
}

// Delete removes objects.
func (m *Mem) Delete(ctx context.Context, urls ...string) error {
	if err := ctx.Err(); err != nil {
		return core.Errorf(core.Unavailable, "objstore.Delete", "", "%w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, url := range urls {
		delete(m.objects, url)
	}
	return nil
}

// List visits what was there when it began; visit may change the store.
func (m *Mem) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	m.mu.RLock()
	objects := maps.Clone(m.objects)
	m.mu.RUnlock()
	for _, url := range slices.Sorted(maps.Keys(objects)) {
		if !strings.HasPrefix(url, prefix) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return core.Errorf(core.Unavailable, "objstore.List", prefix, "%w", err)
		}
		if err := visit(objects[url].info); err != nil {
			return err
		}
	}
	return nil
}
