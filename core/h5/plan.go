package h5

// Planning: from a selection to the pieces of the file that hold it. Nothing is read here.

import (
	"math"
	"sort"

	"github.com/englacial/zagg/core"
)

// A Plan is what it takes to read a selection of a dataset: pieces, each a range of the file (or none, where nothing
// was ever written) and its place in the result. Making one and decoding it are pure; File.Fetch between them reads.
// A plan belongs to one goroutine at a time, and holds what was fetched until Release.
type Plan struct {
	d      *Dataset
	axes   []axis
	conv   converter
	typ    core.Type // 0: raw
	pieces []Piece
	starts []int64  // of each piece its first element along each axis
	shape  []int64  // elements of a chunk along each axis; nil: the dataset is not chunked
	raw    [][]byte // of the pieces, after Fetch
	elems  int64
	direct bool // rows of a chunk are rows of the result
}

// A Piece is a chunk, or a run of rows of a dataset that has none, with selected elements.
type Piece struct {
	Address uint64 // NoAddress: it was never written and has the fill value
	Size    int64  // bytes to read
	Mask    uint32
	rows    int64 // of a dataset that is not chunked
	stored  bool  // bytes are in the header: nothing to fetch
}

// Plan says how to read rows, ascending and not overlapping, as a column: numbers little-endian, integers of odd sizes the
// next larger, float16 as float32; fixed strings as they are. nil means all rows. The chunk table must be loaded
// (Chunks, File.LoadChunks), which a dataset that is not chunked does not need.
func (d *Dataset) Plan(rows []Span) (*Plan, error) {
	return d.PlanSelection(Selection{rows})
}

// PlanSelection is Plan of any selection; the result is in C order.
func (d *Dataset) PlanSelection(sel Selection) (*Plan, error) {
	typ, err := d.typ.Column()
	if err != nil {
		return nil, d.f.fail("h5.Plan", d.path, err)
	}
	p := &Plan{d: d, typ: typ, conv: columnConverter(d.typ)}
	if err := p.choose(sel); err != nil {
		return nil, d.f.fail("h5.Plan", d.path, err)
	}
	return p, d.f.fail("h5.Plan", d.path, p.place())
}

// planRaw is a plan of packed elements as they are in the file; more than most bytes of them, or elements, are
// Invalid.
func (d *Dataset) planRaw(sel Selection, most int64) (*Plan, error) {
	p := &Plan{d: d, conv: converter{in: d.typ.Size, out: d.typ.Size}}
	if err := p.choose(sel); err != nil {
		return nil, err
	}
	if p.elems > most || p.Size() > most {
		return nil, core.Errorf(core.Invalid, "", "", "%d elements of %d bytes are more than the %d bytes of Options.ValueBytes: select fewer", p.elems, d.typ.Size, most)
	}
	return p, p.place()
}

// choose checks the selection and counts its elements.
func (p *Plan) choose(sel Selection) (err error) {
	if err = p.d.readable(); err != nil {
		return err
	}
	if p.axes, err = p.d.axes(sel); err != nil {
		return err
	}
	p.elems = 1
	for i := range p.axes {
		p.elems *= p.axes[i].n
	}
	if p.elems > math.MaxInt64/int64(max(p.conv.out, 1)) {
		return core.Errorf(core.Invalid, "", "", "%d elements of %d bytes are more than can be counted: select fewer", p.elems, p.conv.out)
	}
	return nil
}

// place makes the pieces of the selection chosen.
func (p *Plan) place() error {
	var err error
	switch {
	case p.elems == 0:
		return nil
	case p.d.layout.storage == Chunked:
		err = p.chunked()
	default:
		p.contiguous()
	}
	p.raw = make([][]byte, len(p.pieces))
	return err
}

// chunked makes a piece of every place in the grid that holds selected elements.
func (p *Plan) chunked() error {
	d := p.d
	loaded := d.table.Load()
	if loaded == nil {
		return core.Errorf(core.Invalid, "", "", "the chunk table is not loaded: call File.LoadChunks first")
	}
	p.direct = true
	p.shape = make([]int64, len(p.axes))
	for i := range p.axes {
		p.shape[i] = int64(min(d.layout.chunk[i], 1<<62))
		p.direct = p.direct && (i == 0 || p.axes[i].full() && p.shape[i] == p.axes[i].size)
	}
	counts := chunkCounts(d.space.Dims, d.layout.chunk)
	at := make([]int64, len(p.axes))
	var walk func(dim int, index uint64) error
	walk = func(dim int, index uint64) error {
		if dim == len(p.axes) {
			return p.chunkAt(*loaded, index, at)
		}
		return p.axes[dim].cells(p.shape[dim], func(i int64) error {
			at[dim] = i * p.shape[dim]
			return walk(dim+1, index*counts[dim]+uint64(i))
		})
	}
	return walk(0, 0)
}

// maxPieces bounds a plan: a selection of more chunks is made of several.
const maxPieces = 1 << 22

func (p *Plan) chunkAt(table []Chunk, index uint64, at []int64) error {
	if len(p.pieces) >= maxPieces {
		return core.Errorf(core.Invalid, "", "", "selection touches more than %d chunks: select fewer", maxPieces)
	}
	p.chunkFound(table, index, at)
	return nil
}

// chunkFound adds the piece of a place in the grid: the stored chunk, or one that was never written.
func (p *Plan) chunkFound(table []Chunk, index uint64, at []int64) {
	piece := Piece{Address: NoAddress}
	i := sort.Search(len(table), func(i int) bool { return table[i].index >= index })
	if i < len(table) && table[i].index == index {
		piece.Address, piece.Size, piece.Mask = table[i].Address, table[i].Size, table[i].Mask
	}
	p.pieces = append(p.pieces, piece)
	p.starts = append(p.starts, at...)
}

// contiguous makes a piece of every span of rows, from its first row to its last: also rows between the steps of a
// stride are read, because a request for each would cost more.
func (p *Plan) contiguous() {
	d := p.d
	row := int64(d.typ.Size) * d.Width()
	p.direct = true
	for i := range p.axes {
		p.direct = p.direct && (i == 0 || p.axes[i].full())
	}
	for _, s := range p.axes[0].spans {
		rows := s.last() - s.Start + 1
		piece := Piece{Address: d.layout.addr, Size: rows * row, rows: rows}
		if d.layout.storage == Compact {
			piece.stored = len(d.layout.data) > 0
			piece.Address = NoAddress
		} else if piece.Address != NoAddress {
			piece.Address += uint64(s.Start * row)
		}
		p.pieces = append(p.pieces, piece)
		p.starts = append(append(p.starts, s.Start), make([]int64, len(p.axes)-1)...)
	}
}

// start is the first element of piece i along an axis.
func (p *Plan) start(i, axis int) int64 { return p.starts[i*len(p.axes)+axis] }

// extent is how many elements piece i has along an axis.
func (p *Plan) extent(i, axis int) int64 {
	switch {
	case p.shape != nil:
		return p.shape[axis]
	case axis == 0:
		return p.pieces[i].rows
	}
	return p.axes[axis].size
}

// Elements is the number of elements of the plan's result.
func (p *Plan) Elements() int64 { return p.elems }

// Type is the type of the result's elements.
func (p *Plan) Type() core.Type { return p.typ }

// Size is the number of bytes that Decode fills.
func (p *Plan) Size() int64 { return p.elems * int64(p.conv.out) }

// Pieces lists what is to be fetched and decoded. The caller must not change it.
func (p *Plan) Pieces() []Piece { return p.pieces }

// Bytes is how many bytes Fetch reads for the plan, before neighbours are joined.
func (p *Plan) Bytes() int64 {
	var n int64
	for i := range p.pieces {
		if p.pieces[i].Address != NoAddress {
			n += p.pieces[i].Size
		}
	}
	return n
}

// From takes over what another plan of the same dataset has fetched, for the pieces that both need.
func (p *Plan) From(other *Plan) {
	at := make(map[uint64]int, len(other.pieces))
	for i := range other.pieces {
		if other.raw[i] != nil {
			at[other.pieces[i].Address] = i
		}
	}
	for i := range p.pieces {
		c := &p.pieces[i]
		if k, ok := at[c.Address]; ok && p.raw[i] == nil && other.pieces[k].Size >= c.Size {
			p.raw[i] = other.raw[k][:c.Size:c.Size]
		}
	}
}

// Release lets the fetched bytes go; the plan can be fetched again.
func (p *Plan) Release() { clear(p.raw) }
