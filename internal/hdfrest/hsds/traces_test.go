package hsds_test

import (
	"context"
	"io"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// A dying source makes some changes and then none.
type dying struct {
	hsds.Source
	left int64
}

func (d *dying) dead(u string) error {
	if atomic.AddInt64(&d.left, -1) < 0 {
		return core.Errorf(core.Unavailable, "test", u, "killed")
	}
	return nil
}

func (d *dying) Put(ctx context.Context, u string, body io.Reader, opt core.PutOptions) error {
	if err := d.dead(u); err != nil {
		return err
	}
	return d.Source.Put(ctx, u, body, opt)
}

func (d *dying) Delete(ctx context.Context, urls ...string) error {
	for _, u := range urls {
		if err := d.dead(u); err != nil {
			return err
		}
		if err := d.Source.Delete(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// A domain whose maker or remover is killed at any moment is either there, or a check by its name finds all that is left of it. A
// domain with the same objects, or one of the same name that was made later, keeps what it has.
func TestKilledMakersAndRemovers(t *testing.T) {
	n, linked := hdfrest.Name{Bucket: bucketName, Path: "/home/a.h5"}, hdfrest.Name{Bucket: bucketName, Path: "/home/b.h5"}
	for _, what := range []string{"make", "remove", "remove and make again", "remove one of two"} {
		for moment, ended := 0, false; !ended; moment++ {
			f := newRefusing(t, hdfrest.Limits{})
			require.Equal(t, 200, f.ask("admin", "DELETE", "/", nil, nil).Status)
			before := f.stored()
			folder, err := hsds.OpenFolder(f.dir)
			require.NoError(t, err)
			store := func(src hsds.Source) *hsds.Store {
				return hsds.New(hsds.Options{Bucket: hsds.One(bucketName, src, ""), Write: true, Unconditional: true, Retry: objstore.Policy{Attempts: 1}})
			}
			calm := store(folder)
			ctx := t.Context()
			mortal := store(&dying{folder, int64(moment)})
			if what == "make" {
				_, err = mortal.Make(ctx, n, hdfrest.NewDomain{Owner: "admin"})
			} else {
				_, err = calm.Make(ctx, n, hdfrest.NewDomain{Owner: "admin"})
				require.NoError(t, err)
				d, err2 := calm.Open(ctx, n)
				require.NoError(t, err2)
				_, err = d.(hdfrest.Writable).Create(ctx, []hdfrest.NewObject{{Kind: hdfrest.GroupKind, Parent: d.Info().Root, Title: "g"}})
				require.NoError(t, err)
				if what == "remove one of two" {
					_, err = calm.Make(ctx, linked, hdfrest.NewDomain{Owner: "admin", Linked: &n})
					require.NoError(t, err)
				}
				err = mortal.Unmake(ctx, n, true)
			}
			if ended = err == nil; what == "make" && err == nil {
				ended = moment >= 4 // the last removal is of the trace
			}
			_, there := calm.Open(ctx, n)
			if what == "remove and make again" && there != nil {
				_, err = calm.Make(ctx, n, hdfrest.NewDomain{Owner: "admin"})
				require.NoError(t, err)
				there = nil
			}
			_, err = calm.Check(ctx, n, hsds.Check{Fix: true})
			require.True(t, err == nil || core.Is(err, core.NotFound), "%s, moment %d: %v", what, moment, err)
			for _, name := range []hdfrest.Name{n, linked} {
				d, err := calm.Open(ctx, name)
				if err != nil {
					require.True(t, core.Is(err, core.NotFound), "%v", err)
					require.True(t, name == linked && what != "remove one of two" || name == n && there != nil)
					continue
				}
				_, err = d.Objects(ctx, d.Info().Root)
				require.NoError(t, err, "%s, moment %d: %s", what, moment, name.Path)
				require.NoError(t, calm.Unmake(ctx, name, true))
			}
			require.Equal(t, before, f.stored(), "%s, moment %d", what, moment)
		}
	}
}
