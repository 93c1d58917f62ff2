package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	healpixJSON = `{"type":"healpix","parent_order":6,"child_order":12,"chunk_inner":8}`
	twoPlaces   = `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"name":"inland"},"geometry":{"type":"Polygon","coordinates":[[[10,20],[11,20],[11,21],[10,20]]]}},
		{"type":"Feature","properties":null,"geometry":{"type":"LineString","coordinates":[[179,-75],[-179,-75.5]]}}]}`
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "places.geojson")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

func TestGridCover(t *testing.T) {
	file := writeFile(t, twoPlaces)
	text := strings.Split(strings.TrimSpace(ok(t, "grid", "cover", "--grid", healpixJSON, "--polygon", file)), "\n")
	require.Equal(t, "shard_key,label,block", text[0])
	var lists struct {
		Keys   []json.Number `json:"shard_keys"`
		Labels []string
		Nested []json.Number
		Morton []json.Number
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "grid", "cover", "--grid", healpixJSON, "--polygon", file, "--json")), &lists))
	require.Len(t, lists.Keys, len(text)-1)
	require.Equal(t, lists.Keys, lists.Morton)
	for i, line := range text[1:] {
		require.Equal(t, strings.Join([]string{lists.Keys[i].String(), lists.Labels[i], lists.Nested[i].String()}, ","), line)
	}
	// The same by standard input; finer cells; with a margin; on other grids.
	_, out, _ := execute(t, twoPlaces, "grid", "cover", "--grid", healpixJSON, "--polygon", "-")
	require.Equal(t, strings.Join(text, "\n")+"\n", out)
	lines := func(args ...string) int {
		return strings.Count(ok(t, append([]string{"grid", "cover", "--polygon", file}, args...)...), "\n") - 1
	}
	require.Greater(t, lines("--grid", healpixJSON, "--order", "10"), 10*len(text))
	require.Greater(t, lines("--grid", healpixJSON, "--margin", "200000"), len(text))
	require.Positive(t, lines("--grid", healpixJSON, "--latitude", "geodetic-spherical"))
	require.Positive(t, lines("--grid", `{"type":"rectilinear","crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,16]}`))
	empty := ok(t, "grid", "cover", "--json", "--polygon", file, "--grid", `{"type":"rectilinear","crs":"EPSG:3413","resolution":5000,"bounds":[0,0,320000,320000],"chunk_shape":[16,16]}`)
	require.JSONEq(t, `{"shard_keys":[],"labels":[]}`, empty)
}

func TestGridCoverErrors(t *testing.T) {
	file := writeFile(t, twoPlaces)
	odd := writeFile(t, strings.Replace(twoPlaces, "[[[10,20],[11,20],[11,21],[10,20]]]", "[[[0,10],[180,-10],[20,30],[0,10]]]", 1))
	around := writeFile(t, `{"type":"Polygon","coordinates":[[[-180,-90],[180,-90],[180,-60],[-180,-60],[-180,-90]]]}`)
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--polygon is missing", []string{"--grid", healpixJSON}},
		{2, "--grid is missing", []string{"--polygon", file}},
		{2, "--edges", []string{"--grid", healpixJSON, "--polygon", file, "--edges", "straight"}},
		{2, "--margin", []string{"--grid", healpixJSON, "--polygon", file, "--margin", "-1"}},
		{1, "no such file", []string{"--grid", healpixJSON, "--polygon", file + "x"}},
		{1, "feature 0 (inland)", []string{"--grid", healpixJSON, "--polygon", odd}},
		{1, "planar", []string{"--grid", healpixJSON, "--polygon", around, "--edges", "geodesic"}},
		{1, "latitude", []string{"--grid", healpixJSON, "--polygon", file, "--latitude", "geocentric"}},
		{1, "no orders", []string{"--grid", `{"type":"rectilinear"}`, "--polygon", file, "--order", "3"}},
	} {
		code, _, errs := execute(t, "", append([]string{"grid", "cover"}, c.args...)...)
		require.Equal(t, c.code, code, "%v: %s", c.args, errs)
		require.Contains(t, errs, c.want)
	}
}
