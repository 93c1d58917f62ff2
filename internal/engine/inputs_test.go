package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/expr"
	"github.com/englacial/zagg/internal/zarr"
)

// total is the sum of the first input of each cell, and refuses cells without a row, as statistics may.
func total() fakeStat {
	return fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		out := make([]float64, len(g.Slots))
		for c := range out {
			if g.Offsets[c] == g.Offsets[c+1] {
				return nil, core.Errorf(core.Internal, "total", "", "a cell without rows")
			}
			for r := g.Offsets[c]; r < g.Offsets[c+1]; r++ {
				switch src := &g.Rows[0]; src.Type {
				case core.Int16:
					out[c] += float64(core.View[int16](src.Data)[r])
				case core.Float64:
					out[c] += core.View[float64](src.Data)[r]
				}
			}
		}
		return []core.Column{core.ColumnOf("", out)}, nil
	}}
}

// Each variable is as if only rows in which its own inputs are there had been read. Granules differ in what stands for
// "no value".
func TestMaskInputs(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	product, err := expr.Compile("a * b", []expr.Var{{Name: "a"}, {Name: "b"}}, expr.Options{Mode: expr.PerRow})
	require.NoError(t, err)
	for round := range 60 {
		g := lineGrid{cells: 1 + rng.Int64N(12)}
		sums := map[string][]float64{"a": nil, "b": nil, "ab": nil}
		counts := map[string][]int32{"a": nil, "b": nil, "ab": nil, "all": nil}
		for k := range counts {
			sums[k], counts[k] = make([]float64, g.cells), make([]int32, g.cells)
		}
		left := map[string]int64{}
		r := &fakeReader{batches: map[string][]core.Batch{}, stats: map[string]core.ReadStats{}}
		var ids []string
		kept, refused := int64(0), int64(0)
		for k := range 1 + rng.IntN(3) {
			id := fmt.Sprint("granule", k)
			ids = append(ids, id)
			n := 1 + rng.IntN(100)
			lon, a, b := make([]float64, n), make([]float64, n), make([]int16, n)
			for i := range n {
				lon[i], a[i], b[i] = 1+rng.Float64(), float64(rng.IntN(50)), int16(rng.IntN(50))
				noA, noB := false, false
				if round%3 > 0 { // every third round nothing is missing
					switch rng.IntN(6) {
					case 0:
						a[i], noA = math.NaN(), true
					case 1:
						a[i], noA = 900+float64(k), true
					case 2:
						b[i], noB = int16(-1-k), true
					case 3:
						b[i], noB = 1000, true
						a[i], noA = 900+float64(k), true
					}
				}
				slot := int(math.Floor((lon[i] - 1) * float64(g.cells)))
				if round%2 == 1 && (noB || b[i] == 7) { // the filter "b != 7" is not true of what is missing
					refused++
					continue
				}
				kept++
				add := func(what string, missing bool, v float64) {
					if missing {
						left[what]++
						return
					}
					sums[what][slot] += v
					counts[what][slot]++
				}
				add("all", false, 0)
				add("a", noA, a[i])
				add("b", noB, float64(b[i]))
				add("ab", noA || noB, a[i]*float64(b[i]))
			}
			cols := []core.Column{core.ColumnOf("a", a), core.ColumnOf("b", b)}
			cols[0].Fill = core.Raw([]float64{900 + float64(k)})
			cols[1].Fill, cols[1].Valid = core.Raw([]int16{-100, int16(-1 - k)}), core.Raw([]int16{-50, 999})
			r.batches[id] = []core.Batch{{Group: "g", Lon: lon, Lat: make([]float64, n), Columns: cols}}
		}
		input := func(column, derived int) []Input {
			return []Input{{Name: "source", Column: column, Derived: derived}}
		}
		p := pipeline(g, r)
		p.Mask, p.Columns, p.Derived = MaskInputs, []string{"a", "b"}, []Derived{product}
		if round%2 == 1 {
			f, err := expr.Compile("b != 7", []expr.Var{{Name: "a"}, {Name: "b"}}, expr.Options{Mode: expr.Filter})
			require.NoError(t, err)
			p.Rows = []RowFilter{{Text: "b != 7", Program: f}}
		}
		p.Vars = nil
		for _, v := range []struct {
			name string
			in   []Input
		}{{"a", input(0, -1)}, {"b", input(1, -1)}, {"ab", input(-1, 0)}, {"all", input(-1, -1)}} {
			if v.name != "all" {
				p.Vars = append(p.Vars, Variable{Name: v.name, Stat: total(), Inputs: v.in, Arrays: []*zarr.Array{g.array(v.name, core.Float64, "-5")}})
			}
			p.Vars = append(p.Vars, Variable{Name: v.name, Stat: count(), Counts: true, Inputs: v.in, Arrays: []*zarr.Array{g.array("n_"+v.name, core.Int32, "-1")}})
		}
		store := &objstore.Mem{}
		res, err := p.Run(t.Context(), task("1", store, ids...))
		require.NoError(t, err)
		require.Equal(t, Counts{Read: kept + refused, Filtered: refused, Kept: kept}, res.Counts)
		for i, v := range p.Vars {
			require.Equal(t, left[v.Name], res.LeftOut[i], v.Name)
		}
		for name, want := range counts {
			got := value[int32](t, store, "n_"+name, int(g.cells), -1)
			for slot, n := range want {
				if counts["all"][slot] == 0 {
					n = -1
				}
				require.Equal(t, n, got[slot], "%s, slot %d", name, slot)
			}
			if name == "all" {
				continue
			}
			for slot, v := range value[float64](t, store, name, int(g.cells), -5) {
				if want[slot] == 0 {
					require.Equal(t, -5.0, v, "%s, slot %d: the fill value", name, slot)
					continue
				}
				require.Equal(t, sums[name][slot], v, "%s, slot %d", name, slot)
			}
		}
	}
}

// value is an object of shard "1", or as many fill values where there is none.
func value[T core.Element](t *testing.T, store core.ObjectStore, name string, n int, fill T) []T {
	key := "line/" + name + "/c/1"
	if _, ok := objects(t, store)["mem://s/"+key]; !ok {
		return slices.Repeat([]T{fill}, n)
	}
	return core.View[T](object(t, store, key))
}

// Where every value is there, statistics are given the grouped columns themselves.
func TestInputsAreShared(t *testing.T) {
	g := lineGrid{cells: 2}
	var seen []*byte
	spy := fakeStat{compute: func(g *core.Groups) ([]core.Column, error) {
		seen = append(seen, &g.Rows[0].Data[0])
		return count().compute(g)
	}}
	in := []Input{{Name: "source", Column: 0, Derived: -1}}
	for _, c := range []struct {
		values []float64
		rows   int64
	}{{[]float64{1, 2, 3}, 0}, {[]float64{1, math.NaN(), 3}, 1}} {
		seen = nil
		p := pipeline(g, &fakeReader{batches: map[string][]core.Batch{"a": {batch([]float64{1.1, 1.2, 1.9}, c.values)}}})
		p.Mask = MaskInputs
		p.Vars = []Variable{
			{Name: "x", Stat: spy, Inputs: in, Arrays: []*zarr.Array{g.array("x", core.Int64, "0")}},
			{Name: "y", Stat: spy, Inputs: in, Arrays: []*zarr.Array{g.array("y", core.Int64, "0")}},
		}
		res, err := p.Run(t.Context(), task("1", &objstore.Mem{}, "a"))
		require.NoError(t, err)
		require.Equal(t, []int64{c.rows, c.rows}, res.LeftOut)
		require.Len(t, seen, 2)
		require.Same(t, seen[0], seen[1])
	}
}
