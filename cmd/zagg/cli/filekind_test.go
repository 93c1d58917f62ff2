package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/run"
)

const stacItem = `{"type":"Feature","stac_version":"1.0.0","id":%q,"bbox":[10,-75,12,-73],
"geometry":{"type":"Polygon","coordinates":[[[10,-75],[12,-75],[12,-73],[10,-73],[10,-75]]]},
"properties":{"datetime":"2019-01-01T00:00:00Z"},"links":[],"assets":{"data":{"href":"s3://b/%s","roles":["data"]}}}`

// catalogOf runs zagg catalog on a file of some content and name.
func catalogOf(t *testing.T, name, content string, args ...string) (code int, out string) {
	dir := t.TempDir()
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	code, _, stderr := execute(t, "", append([]string{"catalog", "--config", "atl06", "--bbox=9,-76,13,-72", "--output", filepath.Join(dir, "map.json"), "-q", file}, args...)...)
	m, _ := os.ReadFile(filepath.Join(dir, "map.json"))
	return code, stderr + string(m)
}

// A catalog is told by its content, whatever its form and name.
func TestCatalogForms(t *testing.T) {
	items := make([]string, 3)
	for i := range items {
		id := fmt.Sprintf("ATL06_2019010100000%d_01230111_007_01.h5", i)
		items[i] = strings.ReplaceAll(fmt.Sprintf(stacItem, id, id), "\n", "")
	}
	for form, content := range map[string]string{
		"collection": `{"type":"FeatureCollection","features":[` + strings.Join(items, ",") + "]}",
		"lines":      strings.Join(items, "\n") + "\n", "windows": strings.Join(items, "\r\n"), "seq": "\x1e" + strings.Join(items, "\n\x1e"),
		"list": " [" + strings.Join(items, ",\n") + "]", "bom": "\ufeff" + strings.Join(items, "\n"),
	} {
		for _, name := range []string{"items.json", "items.ndjson", "a %20#?+*[x], ü", "granule.h5"} {
			code, out := catalogOf(t, name, content)
			require.Zero(t, code, "%s %s: %s", form, name, out)
			require.Contains(t, out, "ATL06_20190101000002_01230111_007_01.h5", form)
		}
	}
	_, out := catalogOf(t, "other.json", strings.ReplaceAll(items[0], "ATL06", "ATL08"))
	require.Contains(t, out, "WARNING 1 of 1 granules are of ATL08, and the configuration reads ATL06")
	_, out = catalogOf(t, "cut.ndjson", items[0]+"\n"+items[1][:100])
	require.Contains(t, out, "truncated")
	_, out = catalogOf(t, "mixed.ndjson", items[0]+"\n{\"type\":\"Catalog\"}")
	require.Contains(t, out, "value 1 of 2 is of type \"Catalog\", not a STAC item")
}

// What is no catalog and no granule is refused by what it is.
func TestNoGranule(t *testing.T) {
	whole, err := os.ReadFile(h5Sample)
	require.NoError(t, err)
	for content, want := range map[string]string{
		"CDF\x01\x00\x00": "this is netCDF-3", "<!DOCTYPE html><title>Login": "this is an HTML page", "": "an empty file", "\x1f\x8b\x08\x00": "this is gzip",
		"PK\x03\x04": "this is zip", "\x0e\x03\x13\x01": "this is HDF4", "\x00\x05\x16\x07": "macOS metadata", `{"shard_keys":[],"granules":[]}`: "a shard map",
		string(whole[:len(whole)-1]): "it has 180,", string(whole[:1000]): "it has 1,000 bytes, the header says 180,", "\xff\xfe\x00": "of no known kind",
	} {
		code, out := catalogOf(t, "ATL06_20190101000001_01230111_007_01.h5", content)
		require.Equal(t, 1, code, out)
		require.Contains(t, out, want)
	}
	code, out := catalogOf(t, "x.h5", string(whole), "--no-footprint", "earth")
	require.Zero(t, code, out)
}

// Files of any name can be named, and what macOS keeps beside them is passed over.
func TestGranuleNames(t *testing.T) {
	whole, err := os.ReadFile(h5Sample)
	require.NoError(t, err)
	dir := t.TempDir()
	names := []string{"a b.h5", "100%.h5", "#1.h5", "q?.h5", "a+b.h5", "star*.h5", "[x].h5", "ü日本.h5", "a,b.h5", "a%20b.h5", `back\slash.h5`, " lead.h5"}
	for _, n := range names {
		require.NoError(t, os.WriteFile(filepath.Join(dir, n), whole, 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "._"+n), []byte("\x00\x05\x16\x07"), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".DS_Store"), []byte("\x00\x00\x00\x01Bud1"), 0o644))
	store, err := drivers.Open(t.Context(), drivers.Environment(), dir)
	require.NoError(t, err)
	for _, n := range names {
		for _, prefix := range []string{"", "file://"} {
			got, err := run.Granules(t.Context(), store, []string{prefix + filepath.Join(dir, n)})
			require.NoError(t, err, n)
			require.Len(t, got, 1)
			require.Equal(t, n, filepath.Base(got[0].Assets["data"]))
		}
	}
	got, err := run.Granules(t.Context(), store, []string{dir})
	require.NoError(t, err)
	require.Len(t, got, len(names))
}
