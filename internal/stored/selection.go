package stored

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/plugins/tdigest"
)

// A Selection is one number for each cell: a variable with one value a cell; of one with several, one of them, as h_q[1] or
// m[0][2]; or of digests a quantile, as h_tdigest@q50.
type Selection struct {
	Text  string
	Array *zarr.Dataset

	index    []int64 // along each of the array's dimensions; those of the grid hold -1-k for the grid's dimension k
	quantile float64 // NaN: none
}

// Select finds what a text names in a group whose cells are laid out as frame says.
func Select(ctx context.Context, group *zarr.Group, frame *core.Frame, text string) (*Selection, error) {
	name, quantile, err := quantileOf(text)
	if err != nil {
		return nil, err
	}
	array, err := group.Array(ctx, name)
	var index []int64
	if err != nil {
		if name, index, err = indexOf(name); err != nil {
			return nil, err
		}
		array, err = group.Array(ctx, name)
	}
	if core.Is(err, core.NotFound) {
		return nil, core.Errorf(core.NotFound, "plot", name, "the store has no such variable; have %s", strings.Join(variableNames(ctx, group), ", "))
	}
	if err == nil {
		err = checkDigest(array, quantile)
	}
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(frame.Coords, func(f core.Field) bool { return f.Name == name }) {
		return nil, core.Errorf(core.Invalid, "plot", name, "this is a coordinate, not a variable")
	}
	s := &Selection{Text: text, Array: array, quantile: quantile}
	return s, s.place(frame, name, index)
}

// indexOf takes the numbers in brackets at the end of a name apart.
func indexOf(text string) (name string, index []int64, err error) {
	name, rest, ok := strings.Cut(text, "[")
	if !ok {
		return text, nil, nil
	}
	rest, ok = strings.CutSuffix(rest, "]")
	for _, part := range strings.FieldsFunc(strings.ReplaceAll(rest, "][", ","), func(r rune) bool { return r == ',' }) {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		ok = ok && err == nil && n >= 0
		index = append(index, n)
	}
	if !ok || len(index) == 0 {
		return "", nil, core.Errorf(core.Invalid, "plot", text, "%q is not a place among a cell's values; expected such as %s[0]", "["+rest, name)
	}
	return name, index, nil
}

// place says which of the array's dimensions are the grid's, and gives the others their numbers.
func (s *Selection) place(frame *core.Frame, name string, index []int64) error {
	var free []int64 // extents of the other dimensions
	next := 0
	for i, dim := range s.Array.Dims {
		if next < len(frame.Dims) && dim == frame.Dims[next].Name {
			s.index = append(s.index, int64(-1-next))
			next++
			continue
		}
		n := int64(0)
		if len(free) < len(index) {
			n = index[len(free)]
		}
		free = append(free, s.Array.Shape[i])
		s.index = append(s.index, n)
		if n >= s.Array.Shape[i] {
			return core.Errorf(core.Invalid, "plot", s.Text, "there are values 0 to %d along its dimension %s, and no value %d", s.Array.Shape[i]-1, dim, n)
		}
	}
	several := slices.ContainsFunc(free, func(n int64) bool { return n != 1 })
	switch {
	case next < len(frame.Dims) || len(s.Array.Dims) != len(s.Array.Shape):
		return core.Errorf(core.Unsupported, "plot", name, "it has no value for each cell: its dimensions are %s", strings.Join(s.Array.Dims, ", "))
	case len(index) > len(free) || len(index) < len(free) && (several || len(index) > 0):
		return core.Errorf(core.Invalid, "plot", s.Text, "a cell has %v values of it; name one such as %s", free, name+strings.Repeat("[0]", len(free)))
	}
	return nil
}

// box is where a block of the grid lies in the array.
func (s *Selection) box(frame *core.Frame, block []int64) (start, count []int64) {
	for i, n := range s.index {
		if n >= 0 {
			start, count = append(start, n), append(count, 1)
			continue
		}
		k := -1 - n
		from := block[k] * frame.Dims[k].Shard
		start, count = append(start, from), append(count, min(frame.Dims[k].Shard, s.Array.Shape[i]-from))
	}
	return start, count
}

// Read is one number for each slot of the shard at a block; NaN where a cell has none.
func (s *Selection) Read(ctx context.Context, frame *core.Frame, block []int64) ([]float64, error) {
	start, count := s.box(frame, block)
	if s.Array.Type == core.Bytes {
		return s.quantiles(ctx, start, count, frame)
	}
	c, err := s.Array.Read(ctx, start, count)
	if err != nil {
		return nil, err
	}
	values := reduce.Float64s(&c)
	if int64(len(values)) != frame.Slots() {
		return nil, core.Errorf(core.Corrupt, "plot", s.Array.URL, "it has %d values in a shard of %d cells", len(values), frame.Slots())
	}
	none := reduce.Float64s(&core.Column{Type: c.Type, Width: 1, Data: s.Array.Fill})[0]
	for i, v := range values {
		if v == none {
			values[i] = math.NaN()
		}
	}
	return values, nil
}

func (s *Selection) quantiles(ctx context.Context, start, count []int64, frame *core.Frame) ([]float64, error) {
	cells, err := s.Array.ReadCells(ctx, start, count)
	if err != nil {
		return nil, err
	}
	if int64(len(cells)) != frame.Slots() {
		return nil, core.Errorf(core.Corrupt, "plot", s.Array.URL, "it has %d values in a shard of %d cells", len(cells), frame.Slots())
	}
	values := make([]float64, len(cells))
	for i, c := range cells {
		if len(c)%8 != 0 {
			return nil, core.Errorf(core.Corrupt, "plot", s.Array.URL, "cell %d of the block at %v has %d bytes: no rows of mean and weight", i, start, len(c))
		}
		values[i] = tdigest.Quantile(core.View[float32](append(core.NewData(len(c))[:0], c...)), s.quantile)
	}
	return values, nil
}

// mostSelections bounds how many values of a cell Selections lists of one variable.
const mostSelections = 64

// Selections are all that can be selected of a group's variables, by name: of those with several values each of them, of digests
// some quantiles.
func Selections(ctx context.Context, group *zarr.Group, frame *core.Frame) []*Selection {
	var out []*Selection
	for _, name := range variableNames(ctx, group) {
		for _, text := range texts(ctx, group, frame, name) {
			if s, err := Select(ctx, group, frame, text); err == nil {
				out = append(out, s)
			}
		}
	}
	return out
}

func texts(ctx context.Context, group *zarr.Group, frame *core.Frame, name string) []string {
	array, err := group.Array(ctx, name)
	if err != nil {
		return nil
	}
	out := []string{name}
	if array.Type == core.Bytes {
		out = nil
		for _, q := range []int{50, 5, 25, 75, 95} {
			out = append(out, fmt.Sprintf("%s@q%d", name, q))
		}
		return out
	}
	for i, dim := range array.Dims {
		if slices.ContainsFunc(frame.Dims, func(d core.Dim) bool { return d.Name == dim }) || array.Shape[i] == 1 && len(array.Dims) == len(frame.Dims)+1 {
			continue
		}
		var longer []string
		for _, text := range out {
			for k := int64(0); k < array.Shape[i] && len(longer) < mostSelections; k++ {
				longer = append(longer, fmt.Sprintf("%s[%d]", text, k))
			}
		}
		out = longer
	}
	return out
}
