package golden

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/plugins/all"
)

// zagg runs one command line in this process and returns what it printed.
func zagg(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	require.Zero(t, code, "zagg %s\n%s%s", strings.Join(args, " "), out.String(), errs.String())
	return out.String()
}

// A tolerance is how far a variable may be from the golden value, relative; 0: equal after the cast to the stored type.
var tolerance = map[string]float64{"h_mean": 1e-6, "h_sigma": 1e-6, "h_variance": 1e-5}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name, granules string
		cells          int64
		observations   int64
	}{
		{"small_flat", "granules_small", 457, 47990},
		{"small", "granules_small", 457, 47990},
		{"edge", "granules_edge", 837, 90974},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := unmasked(t, sharedtest.Dir(t, "golden", c.name, "config.yaml"))
			store := filepath.Join(t.TempDir(), "store.zarr")
			out := zagg(t, "run", "--config", config, "--granules", sharedtest.Dir(t, "golden", c.granules), "--store", store, "--json", "-q")
			var summary struct {
				Cells        int64 `json:"cells_with_data"`
				Observations int64 `json:"observations"`
			}
			require.NoError(t, json.Unmarshal([]byte(out), &summary))
			require.Equal(t, c.cells, summary.Cells)
			require.Equal(t, c.observations, summary.Observations)
			compare(t, store, sharedtest.Dir(t, "golden", c.name, "store.zarr"))
		})
	}
}

// The shard maps of the same data sets list the same shards as the granules' own coordinates give.
func TestGoldenFromShardMap(t *testing.T) {
	dir := sharedtest.Dir(t, "golden")
	granules := filepath.Join(dir, "granules_small")
	text, err := os.ReadFile(filepath.Join(dir, "small", "shardmap.json"))
	require.NoError(t, err)
	local := strings.ReplaceAll(string(text), "s3://small/", granules+"/")
	catalog := filepath.Join(t.TempDir(), "shardmap.json")
	require.NoError(t, os.WriteFile(catalog, []byte(local), 0o644))
	store := filepath.Join(t.TempDir(), "store.zarr")
	zagg(t, "run", "--config", unmasked(t, filepath.Join(dir, "small", "config.yaml")), "--catalog", catalog, "--store", store, "-q")
	compare(t, store, filepath.Join(dir, "small", "store.zarr"))

	box := []string{"run", "--config", filepath.Join(dir, "small", "config.yaml"), "--bbox=-127,-87.4,-120,-86.5", "-q"}
	byMap, byGranules := filepath.Join(t.TempDir(), "map.zarr"), filepath.Join(t.TempDir(), "granules.zarr")
	zagg(t, append(box, "--catalog", catalog, "--store", byMap)...)
	zagg(t, append(box, "--granules", granules, "--store", byGranules)...)
	want, got := folder(t, byGranules), folder(t, byMap)
	for key, text := range want { // a map knows when granules end, a granule's name when it begins
		want[key] = strings.ReplaceAll(text, `"time_coverage_end": "2024-11-03T02:15:00Z"`, `"time_coverage_end": "2024-11-03T02:19:00Z"`)
	}
	require.Equal(t, want, got, "an area's observations are the same, however its shards are found")
}

// By default every observation is kept, and each variable leaves out those in which one of its own inputs is missing; with
// mask_fill: row they are dropped for all variables. TestEdge holds the values against an independent computation.
func TestMaskFill(t *testing.T) {
	dir := sharedtest.Dir(t, "golden")
	left := map[string]int64{"h_sigma": 60}
	for _, name := range []string{"count", "h_min", "h_max", "h_mean", "h_variance", "h_q25", "h_q50", "h_q75"} {
		left[name] = 127
	}
	for mask, want := range map[string]struct {
		kept          int64
		left, dropped map[string]int64
	}{
		"inputs": {90974, left, map[string]int64{job.DropFilter: 29730}},
		"row":    {90847, nil, map[string]int64{job.DropFilter: 29730, job.DropFill: 59, job.DropNaN: 68}},
		"false":  {90974, nil, map[string]int64{job.DropFilter: 29730}},
	} {
		config := withMask(t, filepath.Join(dir, "edge", "config.yaml"), mask)
		store := filepath.Join(t.TempDir(), "store.zarr")
		out := zagg(t, "run", "--config", config, "--granules", filepath.Join(dir, "granules_edge"), "--store", store, "--json", "-q")
		var summary struct {
			Cells        int64            `json:"cells_with_data"`
			Observations int64            `json:"observations"`
			Dropped      map[string]int64 `json:"dropped"`
			LeftOut      map[string]int64 `json:"left_out"`
		}
		require.NoError(t, json.Unmarshal([]byte(out), &summary))
		require.Equal(t, int64(837), summary.Cells, mask)
		require.Equal(t, want.kept, summary.Observations, mask)
		require.Equal(t, want.dropped, summary.Dropped, mask)
		require.Equal(t, want.left, summary.LeftOut, mask)
	}
}

// unmasked is a configuration with the earlier system's treatment of fill values: none.
func unmasked(t *testing.T, path string) string { return withMask(t, path, "false") }

// withMask is a configuration with mask_fill.
func withMask(t *testing.T, path, mask string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	changed := strings.Replace(string(text), "data_source:\n", "data_source:\n  mask_fill: "+mask+"\n", 1)
	require.NotEqual(t, string(text), changed)
	out := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(out, []byte(changed), 0o644))
	return out
}

// compare holds every shard of a store against the golden one, which is either one array over the sphere or a folder of
// leaf stores, one for each shard.
func compare(t *testing.T, store, golden string) {
	ctx := t.Context()
	files := &objstore.File{}
	h, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	grid, err := h.Grid(ctx, "healpix", core.Config(`{"parent_order":6,"child_order":12}`))
	require.NoError(t, err)
	ours := openGroup(t, files, store, "12")
	labels, err := layout.ListRecords(ctx, files, store)
	require.NoError(t, err)
	require.NotEmpty(t, labels)
	require.Equal(t, goldenShards(t, golden, len(labels)), len(labels))
	for _, label := range labels {
		shards, err := grid.Shards(ctx, []core.ShardKey{core.ShardKey(label)})
		require.NoError(t, err)
		theirs, block := golden, shards[0].Block
		if leaf := filepath.Join(append(append([]string{golden}, shards[0].Path...), label+".zarr")...); exists(leaf) {
			theirs, block = leaf, []int64{0}
		}
		group := openGroup(t, files, theirs, "12")
		for _, m := range group.Members() {
			want := read(t, group, m.Path, block)
			got := read(t, ours, m.Path, shards[0].Block)
			require.Equal(t, want.Type, got.Type, m.Path)
			if m.Path == "morton" || m.Path == "cell_ids" {
				require.Equal(t, want.Data, got.Data, "%s %s", label, m.Path)
				continue
			}
			same(t, label+" "+m.Path, reduce.Float64s(&want), reduce.Float64s(&got), tolerance[m.Path])
		}
	}
}

// goldenShards counts the leaf stores; a store without leaves has as many as we say.
func goldenShards(t *testing.T, golden string, none int) int {
	leaves := 0
	require.NoError(t, filepath.WalkDir(golden, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasSuffix(p, ".zarr") && len(d.Name()) == len("-5111123.zarr") {
			leaves++
		}
		return err
	}))
	if leaves == 0 {
		return none
	}
	return leaves
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func openGroup(t *testing.T, files core.ObjectReader, url, path string) *zarr.Group {
	root, err := zarr.Open(t.Context(), files, url)
	require.NoError(t, err)
	g, err := root.Group(t.Context(), path)
	if err != nil || len(g.Members()) == 0 { // not consolidated: the group by itself
		g, err = zarr.Open(t.Context(), files, url+"/"+path)
	}
	require.NoError(t, err)
	return g
}

func read(t *testing.T, g *zarr.Group, name string, block []int64) core.Column {
	a, err := g.Array(context.WithoutCancel(t.Context()), name)
	require.NoError(t, err)
	c, err := a.ReadBlock(t.Context(), block)
	require.NoError(t, err)
	return c
}

func same(t *testing.T, what string, want, got []float64, tolerance float64) {
	require.Len(t, got, len(want), what)
	for i := range want {
		w, g := want[i], got[i]
		if w == g || math.IsNaN(w) && math.IsNaN(g) {
			continue
		}
		require.LessOrEqual(t, math.Abs(w-g), tolerance*math.Abs(w), "%s, cell %d: %v, expected %v", what, i, g, w)
	}
}

// folder is every file below a store.
func folder(t *testing.T, dir string) map[string]string {
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		out[strings.TrimPrefix(p, dir)] = string(data)
		return err
	}))
	return out
}
