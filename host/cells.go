package host

// Indexes of cells: which rows of a granule lie in which cells of a grid.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cells"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/plan"
)

// locate has the pipeline use indexes of cells, if the configuration names a store of them and the reader reads rows by number.
func (r *Recipe) locate(h *Host) {
	index := &r.Config.DataSource.Index
	if index.Store == "" || !index.Cells {
		return
	}
	rows, ok := r.Reader.(core.RowReader)
	if !ok {
		r.Notes = append(r.Notes, "data_source.index.cells has no effect: "+r.LocatesRows().Error())
		return
	}
	r.pipeline.Located = &engine.Located{Reader: rows, Key: r.cellsKey(h, rows), URL: r.CellsURL}
}

// cellsKey is the digest of everything that an index of cells depends on besides the granule: the grid, how rows are
// numbered, where their places come from, and whose code finds the cells.
func (r *Recipe) cellsKey(h *Host, rows core.RowReader) string {
	code := func(kind, name string) any { return h.sources[h.owner[kind+" "+name]].ID }
	source := &r.Config.DataSource
	text, _ := json.Marshal([]any{ // texts always encode
		string(r.info.Signature), code("grid", r.Config.Output.Grid.Type), rows.Rows(), code("reader", source.Reader),
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// CellsKey is the key of this recipe's indexes of cells (docs/formats/cells.md).
func (r *Recipe) CellsKey() string { return r.pipeline.Located.Key }

// CellsURL is the address of a granule's index of cells. Its name contains a part of the key, because a granule can have indexes
// for several grids.
func (r *Recipe) CellsURL(g core.Granule) string {
	return sidecarURL(r.Config.DataSource.Index.Store, g.ID, "."+r.CellsKey()[:16]+cells.Suffix)
}

// LocatesRows returns nil if indexes of cells are possible for this grid and reader, else Unsupported with the reason.
func (r *Recipe) LocatesRows() error {
	if _, ok := r.Reader.(core.RowReader); ok {
		return nil
	}
	return core.Errorf(core.Unsupported, "", "", "an index of cells needs a reader that reads rows by number; %s does not, as none does of products with records above the observations, such as ATL03, or in a process of its own", r.Config.DataSource.Reader)
}

// Cells computes a granule's index of cells and returns it encoded.
func (r *Recipe) Cells(ctx context.Context, src core.ObjectReader, g core.Granule) ([]byte, error) {
	at := r.pipeline.Located
	state, err := src.Stat(ctx, g.URL())
	if err != nil {
		return nil, err
	}
	m := mapper{grid: r.Grid, near: &plan.Near{Grid: r.Grid}, to: cells.NewBuilder(at.Key, state)}
	q := core.RowQuery{Query: core.Query{Rows: rowsPerBatch}, Places: true}
	if _, err := at.Reader.ReadRows(ctx, src, g, q, func(b *core.Batch) error { return m.add(ctx, b) }); err != nil {
		return nil, err
	}
	x := m.to.Index()
	shards, err := r.Grid.Shards(ctx, x.Shards) // as jobs spell their keys
	if err != nil {
		return nil, err
	}
	for i := range shards {
		x.Shards[i] = shards[i].Key
	}
	return x.Encode()
}

// A mapper finds the cells of all rows of a granule. It belongs to one goroutine.
type mapper struct {
	grid  core.Grid
	near  *plan.Near
	to    *cells.Builder
	owner []core.ShardKey // of the rows of a batch; "": none
	slots []int32
	found []int32
}

func (m *mapper) add(ctx context.Context, b *core.Batch) error {
	n := b.Len()
	if len(b.Lon) != n || len(b.Lat) != n || len(b.Rows) != n {
		return core.Errorf(core.Internal, "index", b.Group, "the reader gave %d numbers, %d longitudes and %d latitudes of %d rows", len(b.Rows), len(b.Lon), len(b.Lat), n)
	}
	m.owner, m.slots = make([]core.ShardKey, n), make([]int32, n)
	_, err := m.near.Each(ctx, b.Lon, b.Lat, func(from, to int, keys []core.ShardKey) error {
		for _, k := range keys {
			if err := m.locate(ctx, k, b, from, to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, key := range m.owner {
		switch {
		case !core.Usable(b.Lon[i], b.Lat[i]):
			m.to.Invalid(b.Group)
		case key == "":
			m.to.Outside(b.Group)
		default:
			m.to.Located(b.Group, key, m.slots[i])
		}
	}
	return nil
}

// locate finds the rows from…to-1 of a batch that lie in a shard.
func (m *mapper) locate(ctx context.Context, key core.ShardKey, b *core.Batch, from, to int) error {
	if cap(m.found) < to-from {
		m.found = make([]int32, to-from)
	}
	found := m.found[:to-from]
	if err := m.grid.Locate(ctx, key, b.Lon[from:to], b.Lat[from:to], found); err != nil {
		return err
	}
	for i, slot := range found {
		if slot >= 0 {
			m.owner[from+i], m.slots[from+i] = key, slot
		}
	}
	return nil
}

// CellsFit reports whether a granule's index of cells exists and belongs to the current version of the granule.
func (r *Recipe) CellsFit(ctx context.Context, src core.ObjectReader, g core.Granule) bool {
	x, _, err := cells.Load(ctx, src, r.CellsURL(g), g.URL(), r.CellsKey())
	return err == nil && x != nil
}
