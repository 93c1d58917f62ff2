package objstore

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// A strict store answers as S3 does: who may not list is told of what is not there that it is denied.
type strict struct {
	core.ObjectStore
	lists, reads, writes, answers bool
	puts                          int
}

func (s *strict) denial(url string) error { return core.Errorf(core.Denied, "s3", url, "HTTP 403") }

func (s *strict) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	info, err := s.ObjectStore.Stat(ctx, url)
	switch {
	case !s.answers:
		return core.ObjectInfo{}, core.Errorf(core.Unavailable, "s3", url, "HTTP 503")
	case !s.reads, err != nil && !s.lists:
		return core.ObjectInfo{}, s.denial(url)
	}
	return info, err
}

func (s *strict) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if _, err := s.Stat(ctx, url); err != nil && s.answers {
		return nil, err
	}
	if !s.answers { // of this one object
		return nil, s.denial(url)
	}
	return s.ObjectStore.ReadRanges(ctx, url, ranges)
}

func (s *strict) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if !s.writes {
		return s.denial(url)
	}
	s.puts++
	return s.ObjectStore.Put(ctx, url, body, opt)
}

func (s *strict) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	if !s.lists {
		return s.denial(prefix)
	}
	return s.ObjectStore.List(ctx, prefix, visit)
}

// A denial means that an object is not there if, and only if, all else would be granted.
func TestUnlisted(t *testing.T) {
	const url, known = "mem://b/x.zarr/zarr.json", "mem://b/x.zarr.status/readable"
	for _, c := range []struct {
		lists, reads, writes, answers bool
		read, list                    core.Code
	}{
		{true, true, true, true, core.NotFound, core.Internal},
		{false, true, true, true, core.NotFound, core.Denied},
		{false, false, true, true, core.Denied, core.Denied},
		{false, true, false, true, core.Denied, core.Denied},
		{false, false, false, true, core.Denied, core.Denied},
		{false, true, true, false, core.Unavailable, core.Denied},
		{true, false, true, true, core.Denied, core.Internal},
	} {
		inner := &strict{ObjectStore: &Mem{}, lists: c.lists, reads: c.reads, writes: c.writes, answers: c.answers}
		s := Unlisted(inner, known, "mem://b/x.zarr", "mem://b/x.zarr.status/")
		for range 2 {
			_, err := ReadAll(t.Context(), s, url, 100)
			require.Equal(t, c.read, core.CodeOf(err), "%+v", c)
			_, err = s.Stat(t.Context(), url)
			require.Equal(t, c.read, core.CodeOf(err), "%+v", c)
		}
		err := s.List(t.Context(), "mem://b/x.zarr.status/records/", func(core.ObjectInfo) error { return nil })
		if c.lists {
			require.NoError(t, err)
			require.Zero(t, inner.puts)
			continue
		}
		require.Equal(t, c.list, core.CodeOf(err))
		require.LessOrEqual(t, inner.puts, 1)
		if c.read == core.NotFound {
			require.ErrorIs(t, err, ErrUnlisted)
			require.Equal(t, 1, inner.puts, "it is written once")
			_, err = s.Stat(t.Context(), "mem://b/other")
			require.Equal(t, core.Denied, core.CodeOf(err), "elsewhere nothing is known")
			require.NoError(t, s.Put(t.Context(), url, strings.NewReader("x"), core.PutOptions{Size: 1}))
			data, err := ReadAll(t.Context(), s, url, 100)
			require.NoError(t, err)
			require.Equal(t, "x", string(data))
			inner.reads = false // keys that ended since
			_, err = s.Stat(t.Context(), url+"2")
			require.Equal(t, core.Denied, core.CodeOf(err))
		}
	}
}
