package levels

// Indexes: files beside granules that spare later reads all metadata, and tell which blocks of rows can lie in a
// region.

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
	"github.com/englacial/zagg/core/sidecar"
	"github.com/englacial/zagg/core/sphere"
)

// An index is the sidecar of a granule: what planning a read takes, so that values arrive with the first request for
// them.
//
//	"ZAGGIDX" 3                        magic and version
//	deflated (RFC 1951):
//	    size of the granule, ETag      uvarint; length and bytes
//	    count of groups, each:
//	        name                       length and bytes
//	        state                      byte: 0 missing, 1 empty, 2 present
//	        rows without usable coordinates                                     uvarint
//	        rows of a block, count of blocks, each: west, width, south, north   uvarints; float32, degrees
//	    count of datasets, each: what its elements mean (cf.Meaning)             length and bytes
//	    snapshot of the datasets       h5.File.Snapshot
//	CRC-32C of all before              4 bytes, little-endian
//
// A block is a run of rows, a chunk of latitudes where there are chunks; its box holds every row with usable
// coordinates, and has width -1 if there is none.
type index struct {
	size     int64
	etag     string
	groups   []indexGroup
	means    [][]byte // of the snapshot's datasets, as cf.Meaning.Append has them
	snapshot []byte
}

// An indexGroup is what an index says of one group.
type indexGroup struct {
	name    string
	state   groupState
	invalid int64 // rows without usable coordinates
	rows    int64 // of a block
	blocks  []block
}

// A groupState tells groups that a granule does not have from those without rows; both are normal in some products.
type groupState uint8

const (
	groupMissing groupState = iota
	groupEmpty
	groupPresent
)

// A block is the box of some consecutive rows, in degrees. Its sides are float32, rounded outwards by at most 12 m,
// so that an index stays small.
type block struct{ west, width, south, north float32 }

const (
	indexMagic = "ZAGGIDX\x03"
	contiguous = 10000 // rows of a block where latitudes are not chunked
)

// encode writes the index. The same index always gives the same bytes, so that two workers that make it write the
// same object.
func (x *index) encode() ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(x.size))
	b = sidecar.AppendBytes(b, []byte(x.etag))
	b = binary.AppendUvarint(b, uint64(len(x.groups)))
	for _, g := range x.groups {
		b = append(sidecar.AppendBytes(b, []byte(g.name)), byte(g.state))
		b = binary.AppendUvarint(b, uint64(g.invalid))
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(g.rows)), uint64(len(g.blocks)))
		for _, k := range g.blocks {
			for _, v := range []float32{k.west, k.width, k.south, k.north} {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
		}
	}
	b = binary.AppendUvarint(b, uint64(len(x.means)))
	for _, f := range x.means {
		b = sidecar.AppendBytes(b, f)
	}
	return sidecar.Seal(indexMagic, append(b, x.snapshot...))
}

// decodeIndex reads an index. What does not decode is Corrupt, another version Unsupported.
func decodeIndex(url string, data []byte) (*index, error) {
	raw, err := sidecar.Open(url, "index", indexMagic, data)
	if err != nil {
		return nil, err
	}
	r := sidecar.NewReader(raw)
	x := readIndex(r)
	return x, r.Err(url)
}

// readIndex decodes what is under the seal; errors are kept in r.
func readIndex(r *sidecar.Reader) *index {
	x := &index{size: int64(r.Below(1 << 62)), etag: string(r.Bytes())}
	x.groups = make([]indexGroup, r.Count(4))
	for i := range x.groups {
		g := &x.groups[i]
		g.name = string(r.Bytes())
		g.state = groupState(r.Below(3))
		g.invalid = int64(r.Below(1 << 62))
		g.rows = int64(r.Below(1 << 62))
		g.blocks = make([]block, r.Count(16))
		for k := range g.blocks {
			g.blocks[k] = block{r.Float(), r.Float(), r.Float(), r.Float()}
		}
	}
	x.means = make([][]byte, r.Count(1))
	for i := range x.means {
		x.means[i] = r.Bytes()
	}
	x.snapshot = r.Rest()
	return x
}

// Index implements core.Indexer: the index of a granule for the query's columns and filters, whatever its region.
// Rows that it finds unusable are counted in it, so that later reads can tell their number without reading them.
func (r *reader) Index(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query) ([]byte, error) {
	q.Region = core.Region{}
	read, done, err := r.begin(src, core.Granule{ID: g.ID, Assets: map[string]string{"data": g.Assets["data"]}}, q)
	if err != nil {
		return nil, err
	}
	defer done()
	info, err := src.Stat(ctx, read.url)
	if err != nil {
		return nil, err
	}
	if err := read.open(ctx, r.layout.groups()); err != nil {
		return nil, err
	}
	x := &index{size: info.Size, etag: info.ETag}
	var sets []*h5.Dataset
	for _, name := range r.layout.groups() {
		x.groups = append(x.groups, indexGroup{name: name, state: groupPresent})
		last := &x.groups[len(x.groups)-1]
		switch {
		case slices.Contains(read.stats.Missing, name):
			last.state = groupMissing
		case slices.Contains(read.stats.Empty, name):
			last.state = groupEmpty
		}
	}
	for _, t := range read.tables {
		i := slices.IndexFunc(x.groups, func(g indexGroup) bool { return g.name == t.group })
		if err := read.boxes(ctx, t, &x.groups[i]); err != nil {
			return nil, err
		}
		for k, d := range append([]*h5.Dataset{t.lat, t.lon}, t.items...) {
			if d == nil {
				continue
			}
			var mean []byte // none of what is read raw: it says nothing to those that read otherwise
			if !read.want.at(k).raw {
				mean = t.means[k].Append(nil)
			}
			sets, x.means = append(sets, d), append(x.means, mean)
		}
	}
	if x.snapshot, err = read.file.Snapshot(ctx, sets...); err != nil {
		return nil, err
	}
	return x.encode()
}

// boxes reads a table's coordinates and bounds them block by block: a block is a chunk of latitudes, because less
// than a chunk is never read.
func (r *reading) boxes(ctx context.Context, t *table, g *indexGroup) error {
	r.tables, r.query.CountInvalid = []*table{t}, true
	if err := r.choose(ctx); err != nil {
		return err
	}
	lat, lon, err := r.everyPlace(ctx, t)
	if err != nil {
		return err
	}
	for i := range lat {
		if !core.Usable(lon[i], lat[i]) {
			g.invalid++
		}
	}
	g.rows = contiguous
	if shape := t.lat.ChunkShape(); r.want.place < 0 && len(shape) > 0 {
		g.rows = int64(min(shape[0], 1<<40))
	}
	for at := int64(0); at < t.rows; at += g.rows {
		end := min(at+g.rows, t.rows)
		g.blocks = append(g.blocks, boxOf(lon[at:end], lat[at:end]))
	}
	return nil
}

// everyPlace is the coordinates of all rows of a table. The memory is the scratch's.
func (r *reading) everyPlace(ctx context.Context, t *table) (lat, lon []float64, err error) {
	t.spans, t.kept = []h5.Span{{Count: t.rows}}, int(t.rows)
	if r.want.place >= 0 {
		r.inherit(0, t)
		return t.latv, t.lonv, nil
	}
	plans := make([]*h5.Plan, 2)
	for i, d := range []*h5.Dataset{t.lat, t.lon} {
		if plans[i], err = d.Plan(nil); err != nil {
			return nil, nil, err
		}
	}
	if err := r.file.Fetch(ctx, plans...); err != nil {
		return nil, nil, err
	}
	coords := func(i int) []float64 { return r.scratch.floats(i, int(t.rows)) }
	err = r.decode(plans, coords, func(i int) *cf.Meaning { return &t.means[i] })
	return coords(0), coords(1), err
}

// boxOf is the box of the rows with usable coordinates. Longitudes are followed from row to row, so that a track over
// the antimeridian has a short interval.
func boxOf(lon, lat []float64) block {
	west, east, south, north := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	last := math.NaN()
	for i := range lon {
		if !core.Usable(lon[i], lat[i]) {
			continue
		}
		// The turn that is nearest to the row before.
		x := math.Mod(lon[i], 360)
		if !math.IsNaN(last) {
			x += 360 * math.Round((last-x)/360)
		}
		last = x
		west, east = min(west, x), max(east, x)
		south, north = min(south, lat[i]), max(north, lat[i])
	}
	if west > east {
		return block{width: -1}
	}
	if east-west >= 360 {
		west, east = -180, 180
	}
	k := block{west: down(west), south: down(south), north: up(north)}
	k.width = up(east - float64(k.west))
	return k
}

// down rounds to float32 towards minus infinity.
func down(v float64) float32 {
	f := float32(v)
	if float64(f) > v {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}

// up rounds to float32 towards plus infinity.
func up(v float64) float32 { return -down(-v) }

// meets reports whether a block can hold a point of the box. What is not a number meets everything.
func (k block) meets(b *sphere.Box) bool {
	if k.width < 0 || float64(k.north) < b.South || float64(k.south) > b.North {
		return false
	}
	if float64(k.width)+b.Width >= 360 {
		return true
	}
	gap := math.Mod(b.West-float64(k.west), 360)
	if gap < 0 {
		gap += 360
	}
	// The box begins gap degrees east of the block: inside it, or so far east that it reaches around to it.
	return !(gap > float64(k.width) && gap+b.Width < 360)
}
