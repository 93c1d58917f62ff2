package wire

import (
	"math"
	"math/bits"
	"slices"
	"unsafe"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// HeadOf is what a column is, without its values.
func HeadOf(c *core.Column) *zaggv1.ColumnHead {
	return &zaggv1.ColumnHead{
		Name: c.Name, Type: zaggv1.Type(c.Type), Width: uint32(c.Width), Rows: uint64(c.Rows()),
		HasOffsets: c.Offsets != nil, Bytes: uint64(len(c.Data)), Fill: c.Fill, Valid: c.Valid, Absent: c.Absent,
	}
}

// SendColumns cuts columns into frames. What send is given shares the columns' memory and is not kept.
func SendColumns(cols []core.Column, send func(*zaggv1.ColumnFrame) error) error {
	w := framer{send: send}
	for i := range cols {
		c := &cols[i]
		w.frame.Pieces = append(w.frame.Pieces, &zaggv1.Piece{Head: HeadOf(c)})
		w.used += headBytes
		if err := w.write(core.Raw(c.Offsets)); err != nil {
			return err
		}
		if err := w.write(c.Data); err != nil {
			return err
		}
	}
	return w.flush()
}

// headBytes is about what a head takes, so that thousands of empty columns do not make one message.
const headBytes = 64

// A framer fills frames.
type framer struct {
	send  func(*zaggv1.ColumnFrame) error
	frame zaggv1.ColumnFrame
	used  int
}

// write appends payload to the column that the last piece is of.
func (w *framer) write(b []byte) error {
	for len(b) > 0 {
		if w.used >= FrameBytes {
			if err := w.flush(); err != nil {
				return err
			}
		}
		n := min(len(b), FrameBytes-w.used)
		last := len(w.frame.Pieces) - 1
		if last < 0 || w.frame.Pieces[last].Data != nil {
			w.frame.Pieces = append(w.frame.Pieces, &zaggv1.Piece{})
			last++
		}
		w.frame.Pieces[last].Data = b[:n:n]
		w.used += n
		b = b[n:]
	}
	return nil
}

func (w *framer) flush() error {
	if len(w.frame.Pieces) == 0 {
		return nil
	}
	err := w.send(&w.frame)
	w.frame.Pieces, w.used = nil, 0
	return err
}

// A Limit is the most that a run of columns may be.
type Limit struct {
	Columns int
	Bytes   uint64
}

// An Assembler puts columns together from frames. Memory is taken as bytes arrive.
type Assembler struct {
	limit   Limit
	columns []core.Column
	open    bool // the last column is not complete
	head    *zaggv1.ColumnHead
	payload []byte // what has come of it
	total   uint64 // its whole length
	seen    uint64 // payload of all columns that were begun
}

// NewAssembler makes one that refuses more than the limit.
func NewAssembler(limit Limit) *Assembler { return &Assembler{limit: limit} }

// Add takes the next frame, which is the assembler's from then on.
func (a *Assembler) Add(f *zaggv1.ColumnFrame) error {
	for _, p := range f.GetPieces() {
		if p.GetHead() != nil {
			if err := a.begin(p.Head); err != nil {
				return err
			}
		}
		if err := a.add(p.GetData()); err != nil {
			return err
		}
	}
	return nil
}

// Columns are the columns that are complete.
func (a *Assembler) Columns() []core.Column { return a.columns }

// Complete gives the columns, of which there must be n, or any number where n is negative.
func (a *Assembler) Complete(n int) ([]core.Column, error) {
	switch {
	case a.open:
		return nil, broken("column %q ends after %d of %d bytes", a.head.Name, len(a.payload), a.total)
	case n >= 0 && len(a.columns) != n:
		return nil, broken("%d columns came where %d belong", len(a.columns), n)
	}
	return a.columns, nil
}

func (a *Assembler) begin(h *zaggv1.ColumnHead) error {
	if a.open {
		return broken("column %q begins before %q is complete", h.Name, a.head.Name)
	}
	if len(a.columns) >= a.limit.Columns {
		return broken("more than %d columns", a.limit.Columns)
	}
	total, err := payloadBytes(h)
	if err != nil {
		return err
	}
	if a.seen += total; a.seen > a.limit.Bytes {
		return broken("column %q makes %d bytes, and %d are the limit", h.Name, a.seen, a.limit.Bytes)
	}
	a.open, a.head, a.total, a.payload = true, h, total, nil
	return a.close()
}

func (a *Assembler) add(data []byte) error {
	if len(data) == 0 {
		return nil
	}
	if !a.open {
		return broken("%d bytes belong to no column", len(data))
	}
	if uint64(len(data)) > a.total-uint64(len(a.payload)) {
		return broken("column %q has more than its %d bytes", a.head.Name, a.total)
	}
	if len(a.payload) == 0 && uint64(len(data)) == a.total && aligned(data) {
		a.payload = data[:len(data):len(data)]
		return a.close()
	}
	a.payload = Append(a.payload, data, a.total)
	return a.close()
}

// close ends the column if all of it has come.
func (a *Assembler) close() error {
	if uint64(len(a.payload)) < a.total {
		return nil
	}
	c, err := ColumnFrom(a.head, a.payload)
	if err != nil {
		return err
	}
	a.columns = append(a.columns, c)
	a.open, a.payload = false, nil
	return nil
}

// eager is how much memory is taken on a head's word alone.
const eager = 4 << 20

// Append adds bytes of a value that total bytes will come of at most. It makes room in steps that what has come justifies; the
// memory is aligned for every type.
func Append(b, data []byte, total uint64) []byte {
	if n := len(b) + len(data); n > cap(b) {
		want := max(n, int(min(total, uint64(max(eager, 2*n)))))
		b = append(core.NewData(want)[:0], b...)
	}
	return append(b, data...)
}

// Aligned is b in memory aligned for every type, b itself where it is.
func Aligned(b []byte) []byte {
	if aligned(b) {
		return b
	}
	return append(core.NewData(len(b))[:0], b...)
}

func aligned(b []byte) bool { return uintptr(unsafe.Pointer(unsafe.SliceData(b)))%8 == 0 }

// payloadBytes is the length of a column's offsets and data, after a check of the head.
func payloadBytes(h *zaggv1.ColumnHead) (uint64, error) {
	t := core.Type(h.Type)
	if h.Type <= 0 || h.Type > zaggv1.Type(core.Bytes) {
		return 0, broken("column %q is of type %d, which there is not", h.Name, h.Type)
	}
	if h.Width > math.MaxInt32 || h.Rows > math.MaxInt64/16 || h.Bytes > math.MaxInt64/2 {
		return 0, broken("column %q has a width of %d, %d rows, %d bytes", h.Name, h.Width, h.Rows, h.Bytes)
	}
	if t != core.Bytes && len(h.Fill)%t.Size() != 0 {
		return 0, broken("column %q of %s has fill values of %d bytes", h.Name, t, len(h.Fill))
	}
	if len(h.Absent) > 0 && (t == core.Bytes || len(h.Absent) != t.Size()) {
		return 0, broken("column %q of %s has an element of %d bytes for rows without a value", h.Name, t, len(h.Absent))
	}
	if len(h.Valid) > 0 && len(h.Valid) != 2*t.Size() {
		return 0, broken("column %q of %s has a valid range of %d bytes", h.Name, t, len(h.Valid))
	}
	if h.HasOffsets {
		return 8*(h.Rows+1) + h.Bytes, nil
	}
	row := uint64(max(h.Width, 1)) * uint64(t.Size())
	if high, n := bits.Mul64(row, h.Rows); high != 0 || n != h.Bytes {
		return 0, broken("column %q has %d bytes for %d rows of %s×%d", h.Name, h.Bytes, h.Rows, t, max(h.Width, 1))
	}
	return h.Bytes, nil
}

// ColumnFrom makes a column of its head and payload, whose memory it shares.
func ColumnFrom(h *zaggv1.ColumnHead, payload []byte) (core.Column, error) {
	c := core.Column{Name: h.GetName(), Type: core.Type(h.GetType()), Width: int(h.GetWidth())}
	total, err := payloadBytes(h)
	if err != nil {
		return c, err
	}
	if uint64(len(payload)) != total {
		return c, broken("column %q has %d bytes where %d belong", c.Name, len(payload), total)
	}
	if len(h.Fill) > 0 {
		c.Fill = h.Fill
	}
	if len(h.Absent) > 0 {
		c.Absent = h.Absent
	}
	if len(h.Valid) > 0 {
		c.Valid = h.Valid
	}
	if !h.HasOffsets {
		c.Data = payload
		return c, nil
	}
	n := 8 * (int(h.Rows) + 1)
	c.Offsets, c.Data = core.View[int64](payload[:n:n]), payload[n:]
	unit := max(int64(c.Width), 1) * int64(c.Type.Size())
	if c.Offsets[0] != 0 || !slices.IsSorted(c.Offsets) || c.Offsets[h.Rows] != int64(h.Bytes)/unit || int64(h.Bytes)%unit != 0 {
		return c, broken("the offsets of column %q do not fit its %d bytes", c.Name, h.Bytes)
	}
	return c, nil
}

// Floats sees the coordinates of a call; false if they are not whole numbers of float64.
func Floats(b []byte) ([]float64, bool) {
	if len(b)%8 != 0 {
		return nil, false
	}
	return core.View[float64](Aligned(b)), true
}
