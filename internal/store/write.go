package store

import (
	"bytes"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/zarr"
)

// writesAtOnce bounds the objects of set-up under way.
const writesAtOnce = 16

// coordsAtOnce bounds the objects of coordinates under way: each is held whole, several times, in tens of megabytes.
const coordsAtOnce = 2

// write puts axes, coordinates and metadata but for the root's, the group's document last.
func (t *Template) write(ctx context.Context, to core.ObjectStore, at Layout, p *plan.Plan) error {
	if err := t.writeAxes(ctx, to, at); err != nil {
		return err
	}
	if err := t.writeCoords(ctx, to, at, p); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writesAtOnce)
	for _, key := range t.Arrays() {
		g.Go(func() error { return putJSON(gctx, to, at.Object(key), t.docs[key]) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return putJSON(ctx, to, at.Metadata(t.Group()), t.group)
}

func putJSON(ctx context.Context, to core.ObjectStore, url string, doc []byte) error {
	return objstore.PutBytes(ctx, to, url, doc, core.PutOptions{ContentType: "application/json"})
}

func (t *Template) writeAxes(ctx context.Context, to core.ObjectStore, at Layout) error {
	var enc zarr.Encoder
	for _, a := range t.axes {
		err := enc.EncodeAll(a.array, a.data, func(key string, object []byte) error {
			return to.Put(ctx, at.Object(t.Group(), a.array.Name, key), bytes.NewReader(object), core.PutOptions{Size: int64(len(object))})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeCoords writes the coordinates of every planned shard, so that no cell of a compact store is left at id 0.
func (t *Template) writeCoords(ctx context.Context, to core.ObjectStore, at Layout, p *plan.Plan) error {
	if len(t.coords) == 0 || len(p.Places) == 0 {
		return nil
	}
	slots := t.info.Frame.Slots()
	perObject := 1 // each in its own place
	if t.Compact {
		perObject = int(t.coords[0].Shard[0] / slots)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(coordsAtOnce)
	for i := 0; i < len(p.Places); i += perObject {
		block := []int64{int64(i / perObject)}
		if !t.Compact {
			block = p.Places[i].Block
		}
		g.Go(func() error {
			return t.writeCoordObjects(gctx, to, at, p.Places[i:min(i+perObject, len(p.Places))], block)
		})
	}
	return g.Wait()
}

// elements is how many a box of a shape has.
func elements(shape []int64) int {
	n := int64(1)
	for _, s := range shape {
		n *= s
	}
	return int(n)
}

func (t *Template) writeCoordObjects(ctx context.Context, to core.ObjectStore, at Layout, shards []core.Shard, block []int64) error {
	blocks := make([][]byte, len(t.coords))
	slots := t.info.Frame.Slots()
	for i, s := range shards {
		cols, err := t.spec.Grid.Cells(ctx, s.Key)
		if err != nil {
			return err
		}
		for k, a := range t.coords {
			c := slices.IndexFunc(cols, func(c core.Column) bool { return c.Name == a.Name })
			if c < 0 {
				return core.Errorf(core.Internal, "template", a.Name, "the grid declares this coordinate and does not return it")
			}
			size := int64(a.Type.Size()) * slots
			if blocks[k] == nil {
				blocks[k] = core.NewData(elements(a.Shard) * a.Type.Size())
			}
			copy(blocks[k][int64(i)*size:], cols[c].Data)
		}
	}
	var enc zarr.Encoder
	for k, a := range t.coords {
		var body bytes.Buffer
		if _, err := enc.Encode(&body, a, blocks[k]); err != nil {
			return err
		}
		key := at.Object(t.Group(), a.Name, a.Key(block))
		if err := to.Put(ctx, key, bytes.NewReader(body.Bytes()), core.PutOptions{Size: int64(body.Len())}); err != nil {
			return err
		}
	}
	return nil
}
