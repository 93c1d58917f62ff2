package remote

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// An incoming is a batch whose columns are coming.
type incoming struct {
	head    *zaggv1.Batch
	want    int // columns
	columns *wire.Assembler
}

func newIncoming(head *zaggv1.Batch, columns int) *incoming {
	want := 2 + columns
	if head.Refused > 0 {
		want += 2
	}
	return &incoming{head: head, want: want, columns: wire.NewAssembler(wire.Limit{Columns: want, Bytes: batchBytes})}
}

func (in *incoming) complete() bool { return len(in.columns.Columns()) == in.want }

// batch is the batch, whose columns have all come.
func (in *incoming) batch(columns int) (*core.Batch, error) {
	cols := in.columns.Columns()
	for i := range cols {
		rows := in.head.Rows
		place := i < 2 || i >= 2+columns
		if i >= 2+columns {
			rows = in.head.Refused
		}
		if c := &cols[i]; uint64(c.Rows()) != rows || place && (c.Type != core.Float64 || c.Width > 1 || c.Offsets != nil) {
			return nil, protocolErrorf("column %q of a batch of %d rows has %d rows of %s×%d", c.Name, rows, c.Rows(), c.Type, c.Width)
		}
	}
	b := &core.Batch{Group: in.head.Group, Lon: core.View[float64](cols[0].Data), Lat: core.View[float64](cols[1].Data), Columns: cols[2 : 2+columns : 2+columns]}
	if in.head.Refused > 0 {
		b.RefusedLon, b.RefusedLat = core.View[float64](cols[2+columns].Data), core.View[float64](cols[3+columns].Data)
	}
	return b, nil
}
