package healpix

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/sharedtest"
)

// readVectors decodes one file of reference vectors, gzipped or not.
func readVectors(t testing.TB, name string, into any) {
	t.Helper()
	f, err := os.Open(sharedtest.Dir(t, "vectors", name))
	require.NoError(t, err)
	defer f.Close()
	if !strings.HasSuffix(name, ".gz") {
		require.NoError(t, json.NewDecoder(f).Decode(into))
		return
	}
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(into))
}

func parse(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	require.NoError(t, err)
	return n
}

// pointVectors is a file points_K.json.gz.
type pointVectors struct {
	Order       int
	Lat, Lon    []float64
	NestSph     []string            `json:"nest_sph"`
	DecimalSph  []string            `json:"decimal_sph"`
	PackedSph   []string            `json:"packed_sph"`
	NestAuth    []string            `json:"nest_auth"`
	PackedAuth  []string            `json:"packed_auth"`
	SphEither   map[string][]string `json:"sph_either"`
	AuthEither  map[string][]string `json:"auth_either"`
	DecimalAuth []string            `json:"decimal_auth"`
}

var vectorOrders = []int{0, 1, 2, 4, 6, 8, 9, 10, 12, 14, 18, 19, 24, 27, 28, 29}

func TestPointVectors(t *testing.T) {
	for _, order := range vectorOrders {
		var p pointVectors
		readVectors(t, fmt.Sprintf("points_%d.json.gz", order), &p)
		require.Equal(t, order, p.Order)
		parent := max(0, order-8)
		config := Config{ParentOrder: parent, ChunkInner: parent, ChildOrder: order}
		authalic := newGrid(config)
		config.Latitude = sphere.GeodeticSpherical
		spherical := newGrid(config)
		for i := range p.Lat {
			checkPoint(t, spherical, p.Lon[i], p.Lat[i], p.NestSph[i], p.PackedSph[i], p.SphEither[strconv.Itoa(i)])
			checkPoint(t, authalic, p.Lon[i], p.Lat[i], p.NestAuth[i], p.PackedAuth[i], p.AuthEither[strconv.Itoa(i)])
			if c, ok := cellFromDecimal(p.DecimalSph[i]); !ok || c != (cellID{order, parse(t, p.NestSph[i])}) {
				t.Fatalf("decimal %s is %v", p.DecimalSph[i], c)
			}
		}
	}
}

// checkPoint checks the cell of a point by the formulas and by Locate, and the word of the expected cell.
func checkPoint(t *testing.T, g *grid, lon, lat float64, nest, packed string, either []string) {
	t.Helper()
	order, parent := g.config.ChildOrder, g.config.ParentOrder
	want := cellID{order, parse(t, nest)}
	if string(keyOf(want)) != packed {
		t.Fatalf("cell %v has word %d, want %s", want, want.word(), packed)
	}
	if len(either) == 0 {
		either = []string{nest}
	}
	face, u, v := project(lon, g.config.Latitude.ToSphere(lat))
	got := cellID{order, nestOf(face, u, v, order)}
	slot := []int32{0}
	require.NoError(t, g.Locate(t.Context(), keyOf(got.parent(parent)), []float64{lon}, []float64{lat}, slot))
	if !slices.Contains(either, strconv.FormatUint(got.nest, 10)) || slot[0] != int32(got.nest&(1<<(2*g.depth)-1)) {
		t.Fatalf("lon %v lat %v order %d latitude %v: cell %d, slot %d, want one of %v", lon, lat, order, g.config.Latitude, got.nest, slot[0], either)
	}
}

func TestCenterVectors(t *testing.T) {
	var file struct {
		Cells []struct {
			Order                 int
			Nest, Packed, Decimal string
			Center                [2]float64
			CenterLatGeodetic     float64       `json:"center_lat_geodetic"`
			Corners               [4][2]float64 `json:"corners_NWSE"`
			CornerLatsGeodetic    [4]float64    `json:"corner_lats_geodetic"`
		}
	}
	readVectors(t, "centers.json", &file)
	for _, v := range file.Cells {
		c := cellID{v.Order, parse(t, v.Nest)}
		require.Equal(t, v.Packed, string(keyOf(c)))
		require.Equal(t, v.Decimal, c.decimal())
		q := squareOf(c)
		require.Equal(t, c, q.cell())
		checkSpot(t, q.at(.5, .5), v.Center, v.CenterLatGeodetic)
		for i, at := range [4][2]float64{{1, 1}, {0, 1}, {0, 0}, {1, 0}} {
			checkSpot(t, q.at(at[0], at[1]), v.Corners[i], v.CornerLatsGeodetic[i])
		}
	}
}

func checkSpot(t *testing.T, s spot, latLon [2]float64, geodetic float64) {
	t.Helper()
	require.InDelta(t, latLon[0], s.lat(), 1e-9)
	require.InDelta(t, geodetic, sphere.Geodetic(s.lat()), 1e-9)
	if math.Abs(latLon[0]) < 90-1e-9 {
		require.InDelta(t, 0, math.Remainder(latLon[1]-s.lon, 360), 1e-9)
	}
	x, y := s.vec(), sphere.FromLonLat(latLon[1], latLon[0])
	require.InDelta(t, 0, sphere.Angle(x, y), 1e-9)
}

func TestParentVectors(t *testing.T) {
	var file struct {
		Cells []struct {
			Order                 int
			Nest, Packed, Decimal string
			Parents               map[string][3]string
			Children              []string
			First                 []string `json:"desc3_first_last"`
		}
	}
	readVectors(t, "parents.json", &file)
	for _, v := range file.Cells {
		w := parse(t, v.Packed)
		c, ok := cellFromWord(w)
		if w&63 >= 48 { // a point: its cell has the same nested id
			require.False(t, ok)
			continue
		}
		require.True(t, ok)
		require.Equal(t, cellID{v.Order, parse(t, v.Nest)}, c)
		require.Equal(t, v.Decimal, c.decimal())
		for order, p := range v.Parents {
			k, err := strconv.Atoi(order)
			require.NoError(t, err)
			up := c.parent(k)
			require.Equal(t, p, [3]string{strconv.FormatUint(up.nest, 10), string(keyOf(up)), up.decimal()})
		}
		for i, child := range v.Children {
			require.Equal(t, parse(t, child), squareOf(c).child(i).cell().word())
		}
		if len(v.First) == 2 {
			require.Equal(t, v.First[0], string(keyOf(cellID{c.order + 3, c.nest << 6})))
			require.Equal(t, v.First[1], string(keyOf(cellID{c.order + 3, c.nest<<6 | 63})))
		}
	}
}

func TestRoundTripVectors(t *testing.T) {
	var file struct {
		Cells []struct {
			Order                 int
			Base                  int
			Nest, Packed, Decimal string
		}
		DecimalParse map[string]*string `json:"decimal_parse"`
		Paths        []struct{ ID, Hive1 string }
	}
	readVectors(t, "roundtrip.json", &file)
	for _, v := range file.Cells {
		c, ok := cellFromWord(parse(t, v.Packed))
		if strings.HasSuffix(v.Decimal, "p") || parse(t, v.Packed)&63 >= 48 {
			require.False(t, ok)
			continue
		}
		require.True(t, ok)
		require.Equal(t, cellID{v.Order, parse(t, v.Nest)}, c)
		require.Equal(t, v.Base, c.base())
		require.Equal(t, v.Decimal, c.decimal())
		back, ok := cellFromDecimal(v.Decimal)
		require.True(t, ok)
		require.Equal(t, c, back)
	}
	for s, word := range file.DecimalParse {
		c, ok := cellFromDecimal(s)
		require.Equal(t, word != nil, ok, "%q", s)
		if ok {
			require.Equal(t, *word, string(keyOf(c)))
		}
	}
	for _, p := range file.Paths {
		require.Equal(t, p.Hive1, strings.Join(append(hivePath(p.ID), p.ID), "/")+".zarr")
	}
}
