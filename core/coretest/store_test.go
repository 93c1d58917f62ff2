package coretest_test

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
)

func TestStore(t *testing.T) {
	store := new(objstore.Mem)
	coretest.Store(t, func() core.ObjectStore { return store }, "mem://bucket/", coretest.StoreOptions{})
}

// A badStore is a good one with some methods replaced.
type badStore struct {
	*objstore.Mem
	read   func(good core.ObjectStore, ctx context.Context, url string, ranges []core.Range) ([][]byte, error)
	stat   func(core.ObjectInfo, error) (core.ObjectInfo, error)
	put    func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error
	remove func(good core.ObjectStore, ctx context.Context, urls []string) error
	list   func(good core.ObjectStore, ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error
}

func (b badStore) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if b.read == nil {
		return b.Mem.ReadRanges(ctx, url, ranges)
	}
	return b.read(b.Mem, ctx, url, ranges)
}

func (b badStore) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	info, err := b.Mem.Stat(ctx, url)
	if b.stat == nil {
		return info, err
	}
	return b.stat(info, err)
}

func (b badStore) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if b.put == nil {
		return b.Mem.Put(ctx, url, body, opt)
	}
	return b.put(b.Mem, ctx, url, body, opt)
}

func (b badStore) Delete(ctx context.Context, urls ...string) error {
	if b.remove == nil {
		return b.Mem.Delete(ctx, urls...)
	}
	return b.remove(b.Mem, ctx, urls)
}

func (b badStore) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	if b.list == nil {
		return b.Mem.List(ctx, prefix, visit)
	}
	return b.list(b.Mem, ctx, prefix, visit)
}

func TestBadStores(t *testing.T) {
	for name, bad := range map[string]struct {
		caught string
		store  badStore
	}{
		"ranges beyond the end are errors": {"Ranges", badStore{read: func(good core.ObjectStore, ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
			info, err := good.Stat(ctx, url)
			for _, r := range ranges {
				if err == nil && r.Offset+r.Length > info.Size {
					return nil, core.Errorf(core.Invalid, "bad", url, "beyond the end")
				}
			}
			return good.ReadRanges(ctx, url, ranges)
		}}},
		"ranges are sorted": {"Ranges", badStore{read: func(good core.ObjectStore, ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
			ranges = slices.Clone(ranges)
			slices.SortStableFunc(ranges, func(a, b core.Range) int { return int(a.Offset - b.Offset) })
			return good.ReadRanges(ctx, url, ranges)
		}}},
		"what is missing is empty": {"Missing", badStore{read: func(good core.ObjectStore, ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
			got, err := good.ReadRanges(ctx, url, ranges)
			if core.Is(err, core.NotFound) {
				return make([][]byte, len(ranges)), nil
			}
			return got, err
		}}},
		"the ETag is the size": {"Stat", badStore{stat: func(info core.ObjectInfo, err error) (core.ObjectInfo, error) {
			info.ETag = strings.Repeat("x", int(info.Size)+1)
			return info, err
		}}},
		"a broken source leaves half": {"PutWhole", badStore{put: func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
			data, err := io.ReadAll(body)
			if err != nil {
				_ = objstore.PutBytes(context.WithoutCancel(ctx), good, url, data, core.PutOptions{})
				return err
			}
			return good.Put(ctx, url, bytes.NewReader(data), opt)
		}}},
		"the size is not looked at": {"PutSizes", badStore{put: func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
			opt.Size = -1
			return good.Put(ctx, url, body, opt)
		}}},
		"several writers make the same new object": {"PutNew", badStore{put: func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
			opt.IfMatch = ""
			return good.Put(ctx, url, body, opt)
		}}},
		"IfMatch is only for new objects": {"PutIfMatch", badStore{put: func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
			if opt.IfMatch != objstore.MustNotExist {
				opt.IfMatch = ""
			}
			return good.Put(ctx, url, body, opt)
		}}},
		"deleting what is missing is an error": {"Delete", badStore{remove: func(good core.ObjectStore, ctx context.Context, urls []string) error {
			for _, url := range urls {
				if _, err := good.Stat(ctx, url); err != nil {
					return err
				}
			}
			return good.Delete(ctx, urls...)
		}}},
		"only the first is deleted": {"Delete", badStore{remove: func(good core.ObjectStore, ctx context.Context, urls []string) error {
			return good.Delete(ctx, urls[:min(len(urls), 1)]...)
		}}},
		"a prefix is a folder": {"List", badStore{list: func(good core.ObjectStore, ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
			if !strings.HasSuffix(prefix, "/") {
				prefix += "/"
			}
			return good.List(ctx, prefix, visit)
		}}},
		"a list goes on": {"List", badStore{list: func(good core.ObjectStore, ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
			return good.List(ctx, prefix, func(o core.ObjectInfo) error { _ = visit(o); return nil })
		}}},
		"names are escaped": {"Names", badStore{put: func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
			return good.Put(ctx, strings.ReplaceAll(url, "%", "%25"), body, opt)
		}}},
		"does not stop": {"Cancelled", badStore{read: func(good core.ObjectStore, ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
			return good.ReadRanges(context.WithoutCancel(ctx), url, ranges)
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			bad.store.Mem = new(objstore.Mem)
			caught(t, bad.caught, func(o only) {
				coretest.Store(o, func() core.ObjectStore { return bad.store }, "mem://bucket/", coretest.StoreOptions{})
			})
		})
	}
}

// A store that writes whatever the condition is found out, and held to everything else.
func TestStoreWithoutConditions(t *testing.T) {
	store := badStore{Mem: new(objstore.Mem), put: func(good core.ObjectStore, ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
		opt.IfMatch = ""
		return good.Put(ctx, url, body, opt)
	}}
	coretest.Store(t, func() core.ObjectStore { return store }, "mem://bucket/", coretest.StoreOptions{Unconditional: true})
}
