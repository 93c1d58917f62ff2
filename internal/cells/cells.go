// Package cells is the index of the grid cell of each row of a granule, with which later runs need no coordinates.
package cells

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sidecar"
)

// Suffix ends the names of sidecars of cells.
const Suffix = ".zcells"

const magic = "ZAGGCEL\x01"

// maxRows bounds the rows of a group: a damaged file can claim any number.
const maxRows = 1 << 40

// An Index says of all rows of a granule in which shard and slot of one grid they lie. docs/formats/cells.md has the file.
type Index struct {
	Key    string // of the grid and the rows' coordinates; who uses the index has the same
	Size   int64  // of the granule
	ETag   string // of the granule; "" matches any
	Shards []core.ShardKey
	Groups []Group
}

// A Group is the runs of rows of one cell in a group, in file order.
type Group struct {
	Name string
	runs []run
}

// A run is rows of one cell, or of none: invalid, without a position, or nowhere, outside the grid.
type run struct {
	count int64
	place int32 // invalid, nowhere, or 2 more than the number of the shard
	slot  int32
}

const (
	invalid = int32(iota)
	nowhere
	firstShard
)

// add adds rows of one place behind the others.
func (g *Group) add(count int64, place, slot int32) {
	if last := len(g.runs) - 1; last >= 0 && g.runs[last].place == place && g.runs[last].slot == slot {
		g.runs[last].count += count
		return
	}
	g.runs = append(g.runs, run{count, place, slot})
}

// Encode makes the file; the same index always gives the same bytes.
func (x *Index) Encode() ([]byte, error) {
	b := sidecar.AppendBytes(nil, []byte(x.Key))
	b = sidecar.AppendBytes(binary.AppendUvarint(b, uint64(x.Size)), []byte(x.ETag))
	b = binary.AppendUvarint(b, uint64(len(x.Shards)))
	for _, k := range x.Shards {
		b = sidecar.AppendBytes(b, []byte(k))
	}
	b = binary.AppendUvarint(b, uint64(len(x.Groups)))
	for i := range x.Groups {
		g := &x.Groups[i]
		b = binary.AppendUvarint(sidecar.AppendBytes(b, []byte(g.Name)), uint64(len(g.runs)))
		for _, r := range g.runs {
			b = binary.AppendUvarint(b, uint64(r.place))
		}
		last := int32(0)
		for _, r := range g.runs {
			b = binary.AppendVarint(b, int64(r.slot)-int64(last))
			last = r.slot
		}
		for _, r := range g.runs {
			b = binary.AppendUvarint(b, uint64(r.count))
		}
	}
	return sidecar.Seal(magic, b)
}

// decode reads a file. What does not decode is Corrupt, another version Unsupported.
func decode(url string, data []byte) (*Index, error) {
	content, err := sidecar.Open(url, "index of cells", magic, data)
	if err != nil {
		return nil, err
	}
	return read(url, content)
}

// read reads what a file has sealed.
func read(url string, content []byte) (*Index, error) {
	r := sidecar.NewReader(content)
	x := &Index{Key: string(r.Bytes()), Size: int64(r.Below(1 << 62)), ETag: string(r.Bytes())}
	x.Shards = make([]core.ShardKey, r.Count(1))
	for i := range x.Shards {
		x.Shards[i] = core.ShardKey(r.Bytes())
	}
	x.Groups = make([]Group, r.Count(1))
	names := map[string]bool{}
	for i := range x.Groups {
		g := &x.Groups[i]
		g.read(r, len(x.Shards))
		if names[g.Name] {
			r.Fail()
		}
		names[g.Name] = true
	}
	if len(r.Rest()) > 0 {
		r.Fail()
	}
	return x, r.Err(url)
}

func (g *Group) read(r *sidecar.Reader, shards int) {
	g.Name = string(r.Bytes())
	g.runs = make([]run, r.Count(3))
	for i := range g.runs {
		g.runs[i].place = int32(r.Below(uint64(shards) + uint64(firstShard)))
	}
	slot := int64(0)
	for i := range g.runs {
		if slot += r.Signed(); slot < 0 || slot > math.MaxInt32 {
			r.Fail()
			slot = 0
		}
		g.runs[i].slot = int32(slot)
	}
	total := int64(0)
	for i := range g.runs {
		n := int64(r.Below(maxRows))
		if total += n; n == 0 || total >= maxRows {
			r.Fail()
		}
		g.runs[i].count = n
	}
}

// Load reads the index at url of a granule as it is now, whose address is granule. It is nil where there is none or where it is of
// another state of the granule or for something else (IndexMissing, IndexStale); with an error, where it is damaged.
func Load(ctx context.Context, src core.ObjectReader, url, granule, key string) (*Index, core.IndexUse, error) {
	data, err := sidecar.Load(ctx, src, url)
	switch {
	case core.Is(err, core.NotFound):
		return nil, core.IndexMissing, nil
	case err != nil:
		return nil, core.IndexStale, err
	}
	x, err := decode(url, data)
	if err != nil {
		return nil, core.IndexStale, err
	}
	if x.Key != key {
		return nil, core.IndexStale, nil
	}
	if ok, err := sidecar.Current(ctx, src, granule, x.Size, x.ETag); err != nil || !ok {
		return nil, core.IndexStale, err
	}
	return x, core.IndexUsed, nil
}
