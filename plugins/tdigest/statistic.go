package tdigest

import (
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

var (
	_ core.Folder = (*statistic)(nil)
	_ core.Folder = (*waveform)(nil)
)

// statistic is immutable.
type statistic struct{ settings }

// Info names the inputs, and the outputs: rows of mean and weight, and the words of each channel.
func (s *settings) Info() core.StatisticInfo {
	info := core.StatisticInfo{
		Folds:   core.FoldsApproximately,
		AnyType: true,
		Inputs:  []core.Input{{Name: "source"}, {Name: "where", Optional: true}},
		Outputs: []core.Field{{Type: core.Float32, Width: 2, Ragged: true, Attrs: json.RawMessage(`{"long_name":"t-digest of {source}: means and weights of centroids"}`)}},
	}
	for _, c := range s.channels {
		info.Inputs = append(info.Inputs, core.Input{Name: c.name})
		info.Outputs = append(info.Outputs, core.Field{Name: c.suffix, Type: core.Uint64, Width: 1, Ragged: true, Attrs: json.RawMessage(c.attrs)})
	}
	return info
}

// columns are the inputs of a statistic by name: numbers, and the words of each channel.
type columns struct {
	numbers map[string][]float64
	words   [][]uint64
}

// columnsOf takes the rows of groups, of which some must be there and others may.
func (s *settings) columnsOf(groups *core.Groups, need []string, may string) (columns, error) {
	out := columns{numbers: map[string][]float64{}, words: make([][]uint64, len(s.channels))}
	for i := range groups.Rows {
		c := &groups.Rows[i]
		if c.Offsets != nil || c.Width > 1 || c.Type == core.Bytes || c.Type == 0 {
			return out, core.Errorf(core.Unsupported, "tdigest", c.Name, "values must be single numbers, not %s×%d", c.Type, c.Width)
		}
		k := slices.IndexFunc(s.channels, func(ch channel) bool { return ch.name == c.Name })
		switch {
		case k >= 0 && c.Type != core.Uint64:
			return out, core.Errorf(core.Invalid, "tdigest", c.Name, "%s are words of 64 bits, not %s", c.Name, c.Type)
		case k >= 0:
			out.words[k] = core.View[uint64](c.Data)
		case c.Name == may || slices.Contains(need, c.Name):
			out.numbers[c.Name] = reduce.Float64s(c)
		default:
			return out, core.Errorf(core.Invalid, "tdigest", c.Name, "it takes no such column")
		}
	}
	n := len(out.numbers)
	if _, given := out.numbers[may]; given {
		n--
	}
	if n != len(need) || len(groups.Rows) != len(out.numbers)+len(s.channels) {
		return out, core.Errorf(core.Invalid, "tdigest", "", "got %d columns; it takes %v and one for each of %d channels", len(groups.Rows), need, len(s.channels))
	}
	return out, nil
}

// Compute makes the digest of each cell's finite values.
func (s *statistic) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	in, err := s.columnsOf(groups, []string{"source"}, "where")
	if err != nil {
		return nil, err
	}
	values, where := in.numbers["source"], in.numbers["where"]
	return s.each(ctx, groups, in.words, func(b *builder, row int64) bool {
		v := values[row]
		if where != nil && !holds(where[row]) || math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
		b.values = append(b.values, v)
		return true
	})
}

// each makes a digest of each cell of the rows that take takes into a builder.
func (s *settings) each(ctx context.Context, groups *core.Groups, words [][]uint64, take func(b *builder, row int64) bool) ([]core.Column, error) {
	out, b := newOutput(len(groups.Slots), s.channels), builder{delta: s.delta, channels: s.channels}
	for i := range groups.Slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.begin()
		for r := groups.Offsets[i]; r < groups.Offsets[i+1]; r++ {
			if !take(&b, r) {
				continue
			}
			for c := range words {
				b.words[c] = append(b.words[c], words[c][r])
			}
		}
		out.add(b.build())
	}
	return out.columns(), nil
}

// holds is the truth of a mask's element.
func holds(v float64) bool { return v != 0 && v == v }

// Fold makes the digest of each cell of those of its parts. The only one that is not empty stays as it is.
func (s *settings) Fold(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	if err := s.checkParts(groups); err != nil {
		return nil, err
	}
	c := &groups.Rows[0]
	numbers := core.View[float32](c.Data)
	out, m := newOutput(len(groups.Slots), s.channels), merger{delta: s.delta, channels: s.channels}
	for i := range groups.Slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m.begin()
		for r := groups.Offsets[i]; r < groups.Offsets[i+1]; r++ {
			part := digest{numbers: numbers[2*c.Offsets[r] : 2*c.Offsets[r+1]]}
			for k := range s.channels {
				part.words = append(part.words, core.View[uint64](groups.Rows[1+k].Data)[c.Offsets[r]:c.Offsets[r+1]])
			}
			m.add(part)
		}
		d, err := m.merge()
		if err != nil {
			return nil, err
		}
		out.add(d)
	}
	return out.columns(), nil
}

// checkParts holds what is to be folded against what Compute gives.
func (s *settings) checkParts(groups *core.Groups) error {
	rows := groups.Rows
	if len(rows) != 1+len(s.channels) || rows[0].Type != core.Float32 || rows[0].Width != 2 || rows[0].Offsets == nil {
		return core.Errorf(core.Invalid, "tdigest", "", "what is folded must be digests: rows of float32 mean and weight, and the words of %d channels", len(s.channels))
	}
	for i := range s.channels {
		if c := &rows[1+i]; c.Type != core.Uint64 || c.Width > 1 || !slices.Equal(c.Offsets, rows[0].Offsets) {
			return core.Errorf(core.Invalid, "tdigest", s.channels[i].suffix, "what is folded must have one word of 64 bits for each centroid")
		}
	}
	return nil
}

// An output is digests one after another.
type output struct {
	digest
	offsets []int64
}

func newOutput(cells int, channels []channel) *output {
	return &output{digest: digest{words: make([][]uint64, len(channels))}, offsets: append(make([]int64, 0, cells+1), 0)}
}

func (o *output) add(d *digest) {
	o.numbers = append(o.numbers, d.numbers...)
	for c := range o.words {
		o.words[c] = append(o.words[c], d.words[c]...)
	}
	o.offsets = append(o.offsets, int64(len(o.numbers)/2))
}

func (o *output) columns() []core.Column {
	data := core.NewData(4 * len(o.numbers))
	copy(core.View[float32](data), o.numbers)
	out := []core.Column{{Type: core.Float32, Width: 2, Data: data, Offsets: o.offsets}}
	for _, words := range o.words {
		out = append(out, core.Column{Type: core.Uint64, Width: 1, Data: core.Raw(words), Offsets: o.offsets})
	}
	return out
}
