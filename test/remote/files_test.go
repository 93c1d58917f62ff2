//go:build suites

package remote

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/test/remote/loop"
)

// product is a reader of numbers: a granule's one observation is the product of its number and those of the files beside it.
type product struct{}

func (product) Info() core.ProductInfo {
	return core.ProductInfo{Groups: []string{""}, Columns: []core.Field{{Name: "v", Type: core.Float64, Width: 1}}}
}

func (product) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	v := 1.0
	for _, name := range []string{"data", "model", "gain"} {
		text, err := objstore.ReadAll(ctx, src, g.Assets[name], 100)
		if err != nil {
			return core.ReadStats{}, err
		}
		n, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			return core.ReadStats{}, core.Errorf(core.Corrupt, "", g.ID, "%w", err)
		}
		v *= n
	}
	b := &core.Batch{Lon: []float64{10}, Lat: []float64{20}}
	for _, name := range q.Columns {
		b.Columns = append(b.Columns, core.ColumnOf(name, []float64{v}))
	}
	return core.ReadStats{Rows: 1, Emitted: 1}, emit(b)
}

func productPlugin() core.Plugin {
	return core.Plugin{Name: "product", Version: "1", Readers: []core.Maker[core.ProductReader]{{Name: "product",
		New: func(context.Context, core.Config) (core.ProductReader, error) { return product{}, nil }}}}
}

// Files for all granules, and files beside each, come to a reader through the host, linked in or behind the protocol.
func TestFilesBesideGranules(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"in/a.num": "2", "in/b.num": "3", "gains/a.gain": "10", "gains/b.gain": "100", "model": "7"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	mine := productPlugin()
	linked := builtin()
	others := []core.Plugin{linked["healpix"], linked["stats"]}
	run := func(p core.Plugin, model string, more ...string) (store string, code int, out string) {
		store = filepath.Join(t.TempDir(), "s.zarr")
		config := filepath.Join(dir, "run.yaml")
		require.NoError(t, os.WriteFile(config, []byte("data_source: {reader: product, files: {model: "+filepath.Join(dir, model)+`, gain: "{folder}/../gains/{stem}.gain"}}
aggregation: {variables: {v: {function: sum, source: v, dtype: float64}}}
output: {grid: {type: healpix, parent_order: 2, child_order: 4, layout: compact}}
`), 0o600))
		code, out = zagg(t, append(slices.Clone(others), p), append([]string{"run", "--config", config, "--granules", filepath.Join(dir, "in", "*.num"), "--store", store, "-q"}, more...)...)
		return store, code, out
	}
	for _, p := range []core.Plugin{mine, loop.Plugin(t, mine)} {
		store, code, out := run(p, "model")
		require.Zero(t, code, out)
		values := slices.DeleteFunc(numbers(t, groupOf(t, store, "4"), "v"), func(v float64) bool { return v != v })
		require.Equal(t, []float64{7 * (2*10 + 3*100)}, values)
	}
	// On Lambda too.
	lambda := []string{"--backend", "lambda", "--emulate"}
	store, code, out := run(mine, "model", lambda...)
	require.Zero(t, code, out)
	require.Contains(t, numbers(t, groupOf(t, store, "4"), "v"), 7.0*(2*10+3*100))

	// A file that is replaced is part of what its shard was made of, whichever file it is; the shards of others stand.
	for file, text := range map[string]string{"gains/b.gain": "1000", "model": "11"} {
		var more []string
		if file == "model" {
			more = lambda
		}
		store, code, out := run(mine, "model", more...)
		require.Zero(t, code, out)
		path := filepath.Join(dir, file)
		old, err := os.ReadFile(path)
		require.NoError(t, err)
		again := func() string {
			code, out := zagg(t, append(slices.Clone(others), mine), append([]string{"run", "--config", filepath.Join(dir, "run.yaml"), "--granules", filepath.Join(dir, "in", "*.num"), "--store", store}, more...)...)
			require.Zero(t, code, out)
			return out
		}
		require.NotContains(t, again(), "another version")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		require.Contains(t, again(), "another version of "+path+" are computed again")
		want := map[string]float64{"gains/b.gain": 7 * (2*10 + 3*1000), "model": 11 * (2*10 + 3*100)}[file]
		require.Contains(t, numbers(t, groupOf(t, store, "4"), "v"), want)
		require.NotContains(t, again(), "another version")
		require.NoError(t, os.WriteFile(path, old, 0o600))
	}
	_, code, out = run(mine, "none")
	require.Equal(t, 1, code)
	require.Contains(t, out, "run.yaml:1")
	require.Contains(t, out, "data_source.files.model")
}
