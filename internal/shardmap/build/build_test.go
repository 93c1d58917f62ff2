package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// degrees is a grid of one shard per degree of longitude, 100…459, for regions that are points.
type degrees struct {
	core.Grid
	calls *int
}

func (degrees) Info() core.GridInfo {
	return core.GridInfo{Signature: json.RawMessage(`{"type":"degrees"}`)}
}

func (d degrees) Cover(_ context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	if d.calls != nil {
		*d.calls++
	}
	out := make([][]core.ShardKey, len(regions))
	for i, r := range regions {
		for _, p := range r.Polygons {
			for _, v := range p[0] {
				if v.Lat > 90 {
					return nil, core.Errorf(core.Invalid, "degrees.Cover", fmt.Sprintf("region %d", i), "bad latitude")
				}
				wide := int(r.Margin / 111e3)
				for lon := int(v.Lon) - wide; lon <= int(v.Lon)+wide; lon++ {
					out[i] = append(out[i], core.ShardKey(strconv.Itoa(100+lon)))
				}
			}
		}
		slices.SortFunc(out[i], core.CompareKeys)
		out[i] = slices.Compact(out[i])
	}
	return out, nil
}

// celled is degrees that can use cells, which are the degrees themselves.
type celled struct{ degrees }

func (celled) CoverCells(_ context.Context, words [][]uint64, _ []float64) ([][]core.ShardKey, []bool, error) {
	keys, ok := make([][]core.ShardKey, len(words)), make([]bool, len(words))
	for i, set := range words {
		ok[i] = true
		for _, w := range set {
			keys[i] = append(keys[i], core.ShardKey(strconv.FormatUint(100+w, 10)))
			ok[i] = ok[i] && w < 360
		}
	}
	return keys, ok, nil
}

type list []*catalog.Entry

func (l list) Granules(_ context.Context, _ catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	for _, g := range l {
		if err := visit(g); err != nil {
			return catalog.Meta{}, err
		}
	}
	return catalog.Meta{ShortName: "ATL06"}, nil
}

func points(lons ...float64) core.Region {
	var r core.Region
	for _, lon := range lons {
		r.Polygons = append(r.Polygons, core.Polygon{{{Lon: lon}}})
	}
	return r
}

func granule(id string, footprint core.Region) *catalog.Entry {
	return &catalog.Entry{Granule: core.Granule{ID: id}, Data: catalog.Address{S3: "s3://b/" + id}, Footprint: footprint}
}

func exactly() *Allowance { return &Allowance{} }

func TestBuild(t *testing.T) {
	start := time.Date(2024, 11, 2, 1, 15, 0, 0, time.UTC)
	a := granule("a", points(11, 12, 13))
	a.Start, a.End = start, start.Add(1500*time.Millisecond)
	a.Siblings = map[string]catalog.Address{"l2a": {HTTPS: "https://h/l2a"}}
	b := granule("b", points(12, 40))
	b.Datetime = start
	calls := 0
	m, err := Map(t.Context(), degrees{calls: &calls}, list{a, b, granule("c", points(77))}, catalog.Query{}, Options{Area: points(12, 13, 14), Allowance: exactly()})
	require.NoError(t, err)
	require.Equal(t, []core.ShardKey{"112", "113"}, m.Keys)
	require.Equal(t, "a", m.Granules[0][0].ID)
	require.Equal(t, "b", m.Granules[0][1].ID)
	require.Same(t, m.Granules[0][0], m.Granules[1][0])
	require.Equal(t, 2, calls)
	var out bytes.Buffer
	require.NoError(t, m.Write(&out))
	require.JSONEq(t, `{
		"metadata": {"short_name": "ATL06", "preserve_thumbnails": false, "total_granules": 3, "backend": "zagg", "footprint": "swath",
			"footprint_margin": {"metres": 0, "bow": 0}, "granules_assigned": 2, "total_shards": 2, "total_pairs": 3},
		"grid_signature": {"type": "degrees"},
		"shard_keys": [112, 113],
		"granules": [
			[{"id": "a", "s3": "s3://b/a", "https": "", "assets": {"l2a": {"https": "https://h/l2a"}}, "time_start": "2024-11-02T01:15:00+00:00", "time_end": "2024-11-02T01:15:01.500000+00:00"},
			 {"id": "b", "s3": "s3://b/b", "https": "", "datetime": "2024-11-02T01:15:00+00:00"}],
			[{"id": "a", "s3": "s3://b/a", "https": "", "assets": {"l2a": {"https": "https://h/l2a"}}, "time_start": "2024-11-02T01:15:00+00:00", "time_end": "2024-11-02T01:15:01.500000+00:00"}]
		]}`, out.String())

	m, err = Map(t.Context(), degrees{}, list{b, granule("w", points(200))}, catalog.Query{}, Options{Allowance: &Allowance{Metres: 111e3}, Timings: true})
	require.NoError(t, err)
	require.Equal(t, []core.ShardKey{"111", "112", "113", "139", "140", "141", "299", "300", "301"}, m.Keys, "no area: the whole Earth")
	require.Contains(t, string(m.Metadata), "build_wall_s")
}

func TestBuildBatches(t *testing.T) {
	var source list
	for i := range 2*batch + 5 {
		source = append(source, granule(fmt.Sprint("g", i), points(float64(i%360))))
	}
	calls := 0
	m, err := Map(t.Context(), degrees{calls: &calls}, source, catalog.Query{}, Options{Area: points(5), Allowance: exactly()})
	require.NoError(t, err)
	require.Equal(t, 1+3, calls, "the area, and a thousand footprints a call")
	require.Equal(t, []core.ShardKey{"105"}, m.Keys)
	require.Len(t, m.Granules[0], 6)
	require.True(t, slices.IsSortedFunc(m.GranuleIDs(), func(a, b string) int { return bytes.Compare([]byte(a), []byte(b)) }))
}

func TestBuildCells(t *testing.T) {
	good, odd, strange, bare := granule("good", points(11)), granule("odd", points(11)), granule("strange", points(11)), granule("bare", core.Region{})
	good.Cells, odd.Cells, strange.Cells, bare.Cells = []uint64{11, 12}, []uint64{12, 13}, []uint64{11, 400}, []uint64{9}
	source := list{good, odd, strange, bare}
	m, err := Map(t.Context(), celled{}, source, catalog.Query{}, Options{Allowance: exactly()})
	require.NoError(t, err)
	require.Equal(t, []core.ShardKey{"109", "111", "112"}, m.Keys)
	require.Len(t, m.Granules[1], 3, "of odd the footprint counts: its cells are elsewhere")
	require.Contains(t, string(m.Metadata), `"footprint_cells":true`)
	_, err = Map(t.Context(), celled{}, source, catalog.Query{}, Options{Allowance: exactly(), IgnoreCells: true})
	require.ErrorContains(t, err, "bare")
	require.ErrorContains(t, err, "give an area")
	m, err = Map(t.Context(), degrees{}, list{granule("bare", core.Region{})}, catalog.Query{}, Options{Area: points(3, 4)})
	require.NoError(t, err)
	require.Equal(t, []core.ShardKey{"103", "104"}, m.Keys, "without a footprint it may be anywhere in the area")
}

func TestBuildErrors(t *testing.T) {
	bad := core.Region{Polygons: []core.Polygon{{{{Lon: 1, Lat: 95}}}}}
	_, err := Map(t.Context(), degrees{}, list{granule("a", points(1)), granule("b", bad)}, catalog.Query{}, Options{})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	require.ErrorContains(t, err, "shard map b: its footprint")
	_, err = Map(t.Context(), degrees{}, list{granule("a", points(1)), granule("a", points(2))}, catalog.Query{}, Options{})
	require.ErrorContains(t, err, "shard map a: the catalog has this granule twice")
	_, err = Map(t.Context(), degrees{}, list{}, catalog.Query{}, Options{Area: bad})
	require.ErrorContains(t, err, "shard map area")
	gone := errors.New("gone")
	_, err = Map(t.Context(), degrees{}, failing{gone}, catalog.Query{}, Options{})
	require.ErrorIs(t, err, gone)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Map(canceled, degrees{}, failing{context.Canceled}, catalog.Query{}, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

type failing struct{ err error }

func (f failing) Granules(_ context.Context, _ catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	for i := range 3 * batch {
		if err := visit(granule(fmt.Sprint(i), points(1))); err != nil {
			return catalog.Meta{}, err
		}
	}
	return catalog.Meta{}, f.err
}

func TestAllowance(t *testing.T) {
	arc := core.Region{Polygons: []core.Polygon{{{{Lon: 0, Lat: 0}, {Lon: 0, Lat: 9}}}}, Margin: 500}
	length := 9 * math.Pi / 180 * 6371008.8
	require.InDelta(t, 1500+3e-9*length*length, allowanceOf("ATL06").Of(&arc), 1e-6)
	require.Equal(t, 1500.0, allowanceOf("HLSS30").Of(&arc))
	require.Greater(t, orbiting().Of(&core.Region{}), 12_000.0, "no footprint, but cells of one")
	arc.Planar = true
	require.InDelta(t, 1500+3e-9*length*length, orbiting().Of(&arc), 1e-6)
	planar := core.Region{Polygons: []core.Polygon{{{{Lon: 170, Lat: 60}, {Lon: 190, Lat: 60}}}}, Planar: true}
	geodesic := planar
	geodesic.Planar = false
	require.InEpsilon(t, orbiting().Of(&geodesic), orbiting().Of(&planar), 0.05)
}
