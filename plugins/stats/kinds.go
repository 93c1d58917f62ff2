package stats

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/core/toc"
)

// kinds are the statistics that are no reductions of numpy's.
func kinds() []core.Maker[core.Statistic] {
	none := json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{}}`)
	plain := func(name, doc string, s core.Statistic) core.Maker[core.Statistic] {
		return core.Maker[core.Statistic]{Name: name, Doc: doc, Schema: none, New: func(_ context.Context, config core.Config) (core.Statistic, error) {
			return s, noParams(name, config)
		}}
	}
	return []core.Maker[core.Statistic]{
		plain("distinct", "Number of distinct values, such as of records' numbers; all NaN are one.", distinct{}),
		plain("single", "The value that all observations of the cell have; NaN, or 0 of integers, where they have several.", single{}),
		plain("time_envelope", "Word of time (mortie-toc/1) that covers those of the cell's observations.", envelope{}),
		{
			Name: "composition", Doc: "Of the signal photons, the parts that are signal of each surface and of each confidence, 8 bits each in one word.",
			Schema: json.RawMessage(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{` +
				`"threshold":{"type":"integer","minimum":-2,"maximum":4,"default":2,"description":"the least confidence of signal"}}}`),
			New: func(_ context.Context, config core.Config) (core.Statistic, error) { return newComposition(config) },
		},
	}
}

func noParams(name string, config core.Config) error {
	var c map[string]json.RawMessage
	if len(bytes.TrimSpace(config)) > 0 && json.Unmarshal(config, &c) != nil || len(c) > 0 {
		return core.Errorf(core.Invalid, "stats", name, "it has no params, and got %s", clip(json.RawMessage(config)))
	}
	return nil
}

// column is what these statistics take: single numbers.
func column(name string, g *core.Groups) (*core.Column, error) {
	if len(g.Rows) != 1 {
		return nil, core.Errorf(core.Invalid, "stats", name, "got %d columns; it takes source", len(g.Rows))
	}
	c := &g.Rows[0]
	if c.Offsets != nil || max(c.Width, 1) != 1 || c.Type == core.Bytes || c.Type == 0 {
		return nil, core.Errorf(core.Unsupported, "stats", name, "values must be single numbers, not %s×%d", c.Type, c.Width)
	}
	return c, nil
}

// distinct counts values.
type distinct struct{}

func (distinct) Info() core.StatisticInfo {
	return core.StatisticInfo{AnyType: true, Inputs: []core.Input{{Name: "source"}}, Outputs: []core.Field{describe(core.Field{Type: core.Int64, Width: 1, Units: "1"}, "number of distinct values of {source}", nil)}}
}

func (distinct) Compute(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	c, err := column("distinct", g)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(g.Slots))
	return []core.Column{core.ColumnOf("", out)}, eachCell(ctx, g, bitsOf(c), func(i int, v []uint64) { out[i] = int64(len(slices.Compact(slices.Sorted(slices.Values(v))))) })
}

// single is the value of a cell that has but one.
type single struct{}

func (single) Info() core.StatisticInfo {
	return core.StatisticInfo{AnyType: true, Inputs: []core.Input{{Name: "source"}}, Outputs: []core.Field{describe(core.Field{Width: 1, Units: "{source}"}, "{source}, of cells with one observation", nil)}}
}

func (single) Compute(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	c, err := column("single", g)
	if err != nil {
		return nil, err
	}
	size := c.Type.Size()
	out := core.Column{Type: c.Type, Width: 1, Data: core.NewData(size * len(g.Slots))}
	several := make([]byte, size)
	switch c.Type {
	case core.Float32:
		several = core.Raw([]float32{float32(math.NaN())})
	case core.Float64:
		several = core.Raw([]float64{math.NaN()})
	}
	return []core.Column{out}, eachCell(ctx, g, bitsOf(c), func(i int, v []uint64) {
		from := c.Data[int(g.Offsets[i])*size:]
		if len(v) == 0 || slices.ContainsFunc(v, func(x uint64) bool { return x != v[0] }) {
			from = several
		}
		copy(out.Data[i*size:(i+1)*size], from)
	})
}

// Fold joins results of Compute or Fold: parts that have one value, and the same, have that.
func (s single) Fold(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	return s.Compute(ctx, g)
}

// envelope joins words of time.
type envelope struct{}

func (envelope) Info() core.StatisticInfo {
	return core.StatisticInfo{AnyType: true, Inputs: []core.Input{{Name: "source"}}, Outputs: []core.Field{describe(core.Field{Type: core.Uint64, Width: 1}, "span of time of the observations, as a word", nil)}}
}

func (envelope) Compute(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	c, err := column("time_envelope", g)
	if err != nil {
		return nil, err
	}
	if c.Type != core.Uint64 {
		return nil, core.Errorf(core.Unsupported, "stats", "time_envelope", "words of time are uint64, not %s: the source is toc_word", c.Type)
	}
	out := make([]uint64, len(g.Slots))
	return []core.Column{core.ColumnOf("", out)}, eachCell(ctx, g, core.View[uint64](c.Data), func(i int, v []uint64) {
		for _, x := range v {
			out[i] = toc.Join(out[i], x)
		}
	})
}

// Fold joins results of Compute or Fold.
func (s envelope) Fold(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	return s.Compute(ctx, g)
}

// eachCell gives the values of each cell.
func eachCell(ctx context.Context, g *core.Groups, values []uint64, do func(i int, v []uint64)) error {
	for i := range g.Slots {
		if err := ctx.Err(); err != nil {
			return err
		}
		do(i, values[g.Offsets[i]:g.Offsets[i+1]])
	}
	return nil
}

// bitsOf is a number for each element that is the same where the elements are: 0 and -0 are, and so are all NaN.
func bitsOf(c *core.Column) []uint64 {
	out := make([]uint64, c.Rows())
	switch c.Type {
	case core.Float32, core.Float64:
		for i, x := range reduce.Float64s(c) {
			out[i] = math.Float64bits(x + 0)
			if x != x {
				out[i] = math.Float64bits(math.NaN())
			}
		}
		return out
	}
	size := c.Type.Size()
	for i := range out {
		copy(core.Raw(out[i:i+1]), c.Data[i*size:(i+1)*size])
	}
	return out
}
