package objstore

// Choosing the driver by the scheme of a URL.

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// Mux sends each call to the driver of the URL's scheme: "" for plain paths (without one: "file"), "file", "s3",
// "https". A driver that is no core.ObjectStore can only be read; writing to it is Unsupported. A URL of another
// scheme is Invalid.
func Mux(drivers map[string]core.ObjectReader) core.ObjectStore { return mux(maps.Clone(drivers)) }

var _ core.ObjectStore = mux(nil)

type mux map[string]core.ObjectReader

func (m mux) reader(op, url string) (core.ObjectReader, error) {
	scheme := Scheme(url)
	if d := m[scheme]; d != nil {
		return d, nil
	}
	if d := m["file"]; scheme == "" && d != nil {
		return d, nil
	}
	have := slices.Sorted(maps.Keys(m))
	for i, s := range have {
		have[i] = s + "://"
		if s == "" {
			have[i] = "paths"
		}
	}
	return nil, core.Errorf(core.Invalid, op, url, "nothing here reads %q; have [%s]", scheme+"://", strings.Join(have, " "))
}

func (m mux) store(op, url string) (core.ObjectStore, error) {
	r, err := m.reader(op, url)
	if err != nil {
		return nil, err
	}
	s, ok := r.(core.ObjectStore)
	if !ok {
		return nil, core.Errorf(core.Unsupported, op, url, "%s:// can only be read", Scheme(url))
	}
	return s, nil
}

func (m mux) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	r, err := m.reader("objstore.Read", url)
	if err != nil {
		return nil, err
	}
	return r.ReadRanges(ctx, url, ranges)
}

// ReadState asks the driver if it can tell, and otherwise tells nothing.
func (m mux) ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	r, err := m.reader("objstore.Read", url)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	return ReadState(ctx, r, url, etag, ranges)
}

func (m mux) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	r, err := m.reader("objstore.Stat", url)
	if err != nil {
		return core.ObjectInfo{}, err
	}
	return r.Stat(ctx, url)
}

func (m mux) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	s, err := m.store("objstore.Put", url)
	if err != nil {
		return err
	}
	return s.Put(ctx, url, body, opt)
}

// Delete checks all URLs before it removes anything, so that a wrong one among them does no harm.
func (m mux) Delete(ctx context.Context, urls ...string) error {
	byScheme := map[string][]string{}
	for _, url := range urls {
		if _, err := m.store("objstore.Delete", url); err != nil {
			return err
		}
		byScheme[Scheme(url)] = append(byScheme[Scheme(url)], url)
	}
	for _, scheme := range slices.Sorted(maps.Keys(byScheme)) {
		s, err := m.store("objstore.Delete", byScheme[scheme][0])
		if err != nil {
			return err
		}
		if err := s.Delete(ctx, byScheme[scheme]...); err != nil {
			return err
		}
	}
	return nil
}

func (m mux) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	s, err := m.store("objstore.List", prefix)
	if err != nil {
		return err
	}
	return s.List(ctx, prefix, visit)
}
