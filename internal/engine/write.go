package engine

// Encoding blocks and writing objects.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// putsAtOnce bounds the objects of one shard under way: a shard has about ten arrays, and one connection each hides the
// store's latency.
const putsAtOnce = 16

// write encodes the blocks one after the other and puts the objects, several at once. Blocks without a value are
// listed as unwritten. The encoder enc is the caller's and free again when write returns.
func (p *Pipeline) write(ctx context.Context, t *Task, blocks []block, res *Result, enc *zarr.Encoder) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(putsAtOnce)
	var failed error
	for _, b := range blocks {
		if failed = gctx.Err(); failed != nil {
			break
		}
		key, body := p.key(b.array, t.Block), &bytes.Buffer{}
		if b.data != nil {
			if err := encode(body, enc, &b); err != nil {
				failed = core.Wrap(err, "encode", key)
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

// encoder is an encoder that no object is being made with. It goes back to r.encoders.
func (r *pass) encoder() *zarr.Encoder {
	if enc, ok := r.encoders.Get().(*zarr.Encoder); ok {
		return enc
	}
	return new(zarr.Encoder)
}

// An Output is the values of one array in a shard: row i of Column is the cell in Slots[i]. Slots ascend.
type Output struct {
	Array  *zarr.Array
	Slots  []int32
	Column core.Column
}

// Put writes the arrays of a shard whose values are known, and the shard's own coordinates, without reading or
// reducing anything.
func (p *Pipeline) Put(ctx context.Context, t *Task, outs []Output) (*Result, error) {
	blocks, err := p.coordBlocks(ctx, t)
	if err != nil {
		return nil, err
	}
	l := newLayout(p.Dims)
	for i := range outs {
		o, b := &outs[i], block{array: outs[i].Array}
		switch {
		case len(o.Slots) == 0:
		case b.array.Type == core.Bytes:
			err = b.addCells(l.slots, o.Slots, &o.Column, l.place)
		default:
			b.data, err = scatter(b.array, p.slots(), o.Slots, &o.Column)
		}
		if err != nil {
			return nil, core.Wrap(err, "write", t.Shard.Label)
		}
		blocks = append(blocks, b)
	}
	res := &Result{}
	return res, p.write(ctx, t, blocks, res, new(zarr.Encoder))
}

// encode writes the object of a block of a shard; cells of varying length chunk by chunk.
func encode(dst io.Writer, enc *zarr.Encoder, b *block) error {
	if b.array.Type != core.Bytes {
		_, err := enc.Encode(dst, b.array, b.data)
		return err
	}
	w, err := enc.Begin(dst, b.array)
	if err != nil {
		return err
	}
	cells := int32(1) // of an inner chunk
	for _, n := range b.array.Chunk {
		cells *= int32(n)
	}
	for from := 0; from < len(b.places); {
		chunk, to := b.places[from]/cells, from
		var places []int32
		for to < len(b.places) && b.places[to]/cells == chunk {
			places = append(places, b.places[to]%cells)
			to++
		}
		if err := w.AppendCells(int64(chunk), places, b.offsets[from:to+1], b.data); err != nil {
			return err
		}
		from = to
	}
	_, err = w.Close()
	return err
}

// key is the key, relative to the store, of the object of an array at a place in the frame.
func (p *Pipeline) key(a *zarr.Array, place []int64) string {
	return zarr.Join(p.Group, a.Name, a.Key(blockOf(a, place)))
}

// blockOf is the block of an array at a place in the frame, whose dimensions are the array's first ones.
func blockOf(a *zarr.Array, place []int64) []int64 {
	full := append([]int64(nil), place...)
	for len(full) < len(a.Shape) {
		full = append(full, 0) // vector dimensions are one object
	}
	return full
}
