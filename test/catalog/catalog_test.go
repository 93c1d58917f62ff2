//go:build suites

package catalog

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

// python runs check.py and returns what it prints.
func python(t *testing.T, args ...string) []byte {
	t.Helper()
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	cmd := exec.CommandContext(t.Context(), exe, append([]string{"check.py"}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, errs.String())
	return out
}

func published(t *testing.T) []string {
	var paths []string
	for _, elem := range [][]string{{"data", "cmr", "cat_neon.parquet"}, {"golden", "small", "catalog.parquet"}, {"golden", "small_flat", "catalog.parquet"},
		{"golden", "edge", "catalog.parquet"}, {"golden", "bench", "catalog.parquet"}} {
		paths = append(paths, sharedtest.Dir(t, elem...))
	}
	return paths
}

func granules(t *testing.T, path string, o geoparquet.Options) []*catalog.Entry {
	f, c, err := geoparquet.Open(path, o)
	require.NoError(t, err)
	defer c.Close()
	var list []*catalog.Entry
	_, err = f.Granules(context.Background(), catalog.Query{}, func(g *catalog.Entry) error {
		list = append(list, g)
		return nil
	})
	require.NoError(t, err)
	return list
}

// A row as pyarrow reads it.
type row struct {
	ID, Collection, WKB, Datetime, Start, End string
	Assets                                    map[string]string
}

// We read what pyarrow reads.
func TestReadAsPyarrow(t *testing.T) {
	lines := bufio.NewScanner(bytes.NewReader(python(t, append([]string{"dump"}, published(t)...)...)))
	lines.Buffer(nil, 1<<20)
	for _, path := range published(t) {
		for _, g := range granules(t, path, geoparquet.Options{}) {
			require.True(t, lines.Scan())
			var r row
			require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
			wkb, err := hex.DecodeString(r.WKB)
			require.NoError(t, err)
			shapes, err := geometry.ParseWKB(wkb)
			require.NoError(t, err)
			region, _, err := geometry.Reader{Footprint: true}.Region(shapes)
			require.NoError(t, err)
			require.Equal(t, region.Polygons, g.Footprint.Polygons)
			require.Equal(t, r, row{g.ID, g.Collection, r.WKB, moment(g.Datetime), moment(g.Start), moment(g.End), assets(g)})
		}
	}
	require.False(t, lines.Scan())
}

func assets(g *catalog.Entry) map[string]string {
	out := map[string]string{}
	put := func(name string, a catalog.Address) {
		if a.HTTPS != "" {
			out[name] = a.HTTPS
		}
		if a.S3 != "" {
			out[name+"_s3"] = a.S3
		}
	}
	put("data", g.Data)
	for name, a := range g.Siblings {
		put(name, a)
	}
	return out
}

// moment is a time as Python writes it: with microseconds if it has any.
func moment(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Nanosecond() == 0:
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000000Z")
}

// What zagg catalog writes holds what it read, for pyarrow, geopandas and stac-geoparquet alike.
func TestWriteForPython(t *testing.T) {
	args := []string{"same"}
	for _, path := range published(t) {
		out := filepath.Join(t.TempDir(), "ours.parquet")
		var stdout, stderr bytes.Buffer
		area := "--bbox=-180,-90,180,-60"
		if strings.HasSuffix(path, "cat_neon.parquet") {
			area = "--bbox=-77,38,-76,39"
		}
		code := cli.Run(t.Context(), []string{"catalog", "--config", "atl06", area, "--output", filepath.Join(t.TempDir(), "map.json"), "--catalog-out", out, path},
			strings.NewReader(""), &stdout, &stderr, all.Plugins()...)
		require.Zero(t, code, stderr.String())
		args = append(args, path, out)
	}
	t.Log(string(python(t, args...)))
}

// Files of other tools: other compressions, units of time, text for times, heights, assets with alternates, lists of
// structures that mean nothing here.
func TestOtherWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.parquet")
	python(t, "write", path)
	list := granules(t, path, geoparquet.Options{NoGeometry: true})
	require.Len(t, list, 4)
	g := list[0]
	require.Equal(t, catalog.Address{S3: "s3://b/g0.h5", HTTPS: "https://h/g0.h5"}, g.Data)
	require.Equal(t, []string{"2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000000001Z"},
		[]string{g.Datetime.Format(time.RFC3339Nano), g.Start.Format(time.RFC3339Nano), g.End.Format(time.RFC3339Nano)})
	require.Equal(t, []any{[]uint64{12683825400535580678, 1}, 6}, []any{g.Cells, g.CellsOrder})
	require.Equal(t, []core.LonLat{{Lon: 0, Lat: 0}, {Lon: 5, Lat: 1}, {Lon: 3, Lat: 4}}, g.Footprint.Polygons[0][0])
	require.Len(t, list[1].Footprint.Polygons, 2)
	require.True(t, list[1].Footprint.Planar)
	require.Len(t, list[2].Footprint.Polygons[0][0], 2)
	require.Empty(t, list[3].Footprint.Polygons)
	require.Equal(t, "B", granules(t, path, geoparquet.Options{TimeKey: "s2:datatake_id", NoGeometry: true})[2].TimeKey)
}
