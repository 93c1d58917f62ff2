package engine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// putsAtOnce bounds the objects of one shard under way: a shard has about ten arrays, and one connection each hides the
// store's latency.
const putsAtOnce = 16

// write encodes the blocks and puts the objects; what holds no value is listed as unwritten.
func (p *Pipeline) write(ctx context.Context, t *Task, blocks []block, res *Result) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(putsAtOnce)
	var enc zarr.Encoder
	var failed error
	for _, b := range blocks {
		if failed = gctx.Err(); failed != nil {
			break
		}
		key, body := p.key(b.array, t.Block), &bytes.Buffer{}
		if b.data != nil {
			if _, err := enc.Encode(body, b.array, b.data); err != nil {
				failed = core.Errorf(core.CodeOf(err), "encode", key, "%w", err)
				break
			}
		}
		if body.Len() == 0 {
			res.Unwritten = append(res.Unwritten, key)
			continue
		}
		sum := sha256.Sum256(body.Bytes())
		res.Objects = append(res.Objects, Object{Key: key, Size: int64(body.Len()), SHA256: hex.EncodeToString(sum[:])})
		g.Go(func() error {
			return t.Store.Put(gctx, zarr.Join(t.StoreURL, key), bytes.NewReader(body.Bytes()), core.PutOptions{Size: int64(body.Len())})
		})
	}
	// Whatever failed, no Put may be under way when this returns.
	if err := g.Wait(); err != nil {
		return err
	}
	return failed
}

// key is the object of an array for a block of the frame, relative to the store.
func (p *Pipeline) key(a *zarr.Array, place []int64) string {
	full := append([]int64(nil), place...)
	for len(full) < len(a.Shape) {
		full = append(full, 0) // vector dimensions are one object
	}
	return zarr.Join(p.Group, a.Name, a.Key(full))
}
