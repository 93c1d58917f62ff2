package engine

// Objects that are put together on disk, chunk by chunk, for shards that are larger than memory.

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// A growing object is put together chunk by chunk in a file without a name. sum is over all bytes that were written.
type growing struct {
	key     string
	file    *os.File
	buffer  *bufio.Writer
	sum     hash.Hash
	encoder *zarr.Encoder
	writer  *zarr.ObjectWriter
	size    int64

	perChunk bool // it has one value for each chunk, and is written at the end
}

// An assembly is the objects of one shard under way. coords are first, then those of the computed arrays.
type assembly struct {
	pass   *pass
	task   *Task
	coords int
	all    []*growing
}

// objectBuffer is what is gathered before it is written to disk.
const objectBuffer = 64 << 10

// newObject begins an object of an array. Its encoder goes back to the pass when the object is sent.
func (r *pass) newObject(t *Task, a *zarr.Array) (*growing, error) {
	f, err := r.scratch.object()
	if err != nil {
		return nil, err
	}
	o := &growing{key: r.p.key(a, t.Block), file: f, buffer: bufio.NewWriterSize(f, objectBuffer), sum: sha256.New(), encoder: r.encoder()}
	o.writer, err = o.encoder.Begin(io.MultiWriter(o.buffer, o.sum), a)
	return o, err
}

// open begins the objects of a task's shard and writes its coordinates.
func (r *pass) open(ctx context.Context, t int) (*assembly, error) {
	o := &assembly{pass: r, task: r.tasks[t]}
	coords, err := r.p.coordBlocks(ctx, o.task)
	if err != nil {
		return nil, err
	}
	for _, b := range coords {
		made, err := r.newObject(o.task, b.array)
		if err != nil {
			return nil, err
		}
		o.all = append(o.all, made)
		size, err := made.encoder.Encode(io.MultiWriter(made.buffer, made.sum), b.array, b.data)
		if err != nil {
			return nil, r.encodeError(made, err)
		}
		made.size, made.writer = size, nil
	}
	o.coords = len(coords)
	for i := range r.p.Vars {
		for _, a := range r.p.Vars[i].Arrays {
			made, err := r.newObject(o.task, a)
			if err != nil {
				return nil, err
			}
			if made.perChunk = r.p.Vars[i].Chunk; !made.perChunk && made.writer.Chunks() != r.layout.slots/r.layout.chunk {
				return nil, core.Errorf(core.Internal, "engine", a.Name, "an object has %d inner chunks, and the shard %d", made.writer.Chunks(), r.layout.slots/r.layout.chunk)
			}
			o.all = append(o.all, made)
		}
	}
	return o, nil
}

// encodeError tells a full disk, which the user can mend, from other failures.
func (r *pass) encodeError(o *growing, err error) error {
	if _, disk := errors.AsType[*fs.PathError](err); !disk {
		return core.Wrap(err, "encode", o.key)
	}
	err = r.scratch.failed(err, "rows that are more than --memory holds, and the objects made of them, need", "this shard", r.scratch.size(), objectBuffer)
	return core.Wrap(err, "encode", o.key)
}

// append writes one inner chunk of some computed arrays, beginning with the array number at.
func (o *assembly) append(chunk int64, at int, blocks []block) error {
	for i := range blocks {
		made := o.all[o.coords+at+i]
		if blocks[i].data == nil || made.perChunk {
			continue
		}
		if err := appendChunk(made.writer, chunk, &blocks[i]); err != nil {
			return o.pass.encodeError(made, err)
		}
	}
	return nil
}

// appendPerChunk writes those of some computed arrays, beginning with number at, that have one value for each chunk.
func (o *assembly) appendPerChunk(at int, blocks []block) error {
	for i := range blocks {
		made := o.all[o.coords+at+i]
		if !made.perChunk || blocks[i].data == nil {
			continue
		}
		if err := appendChunk(made.writer, 0, &blocks[i]); err != nil {
			return o.pass.encodeError(made, err)
		}
	}
	return nil
}

// appendChunk writes a block that is one inner chunk.
func appendChunk(w *zarr.ObjectWriter, chunk int64, b *block) error {
	if b.array.Type == core.Bytes {
		return w.AppendCells(chunk, b.places, b.offsets, b.data)
	}
	return w.Append(chunk, b.data)
}

// put ends all objects and then sends them: whatever goes wrong before, the store stays as it was.
func (o *assembly) put(ctx context.Context, res *Result) error {
	for _, made := range o.all {
		if made.writer != nil {
			size, err := made.writer.Close()
			if err != nil {
				return o.pass.encodeError(made, err)
			}
			made.size = size
		}
		o.pass.encoders.Put(made.encoder)
		if err := made.buffer.Flush(); err != nil {
			return o.pass.encodeError(made, err)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(putsAtOnce)
	for _, made := range o.all {
		if made.size == 0 {
			res.Unwritten = append(res.Unwritten, made.key)
			continue
		}
		res.Objects = append(res.Objects, Object{Key: made.key, Size: made.size, SHA256: hex.EncodeToString(made.sum.Sum(nil))})
		g.Go(func() error {
			body := io.NewSectionReader(made.file, 0, made.size)
			return o.task.Store.Put(gctx, zarr.Join(o.task.StoreURL, made.key), body, core.PutOptions{Size: made.size})
		})
	}
	return g.Wait()
}
