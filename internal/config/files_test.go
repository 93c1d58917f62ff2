package config

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Files beside granules are one for all, or joined by the granule's name and folder.
func TestFiles(t *testing.T) {
	const text = `data_source: {reader: mine, files: {model: "s3://m/model.bin", gain: "{folder}/gains/{stem}.csv", twin: "/a/{name}.aux"}}
aggregation: {variables: {n: {function: count}}}
output: {grid: {type: healpix, parent_order: 6, child_order: 12}}
`
	cfg, _, err := Parse("run.yaml", []byte(text))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"model": "s3://m/model.bin"}, cfg.DataSource.FixedFiles())
	for url, want := range map[string]map[string]string{
		"s3://b/x/g.1.h5":           {"model": "s3://m/model.bin", "gain": "s3://b/x/gains/g.1.csv", "twin": "/a/g.1.h5.aux"},
		"g.h5":                      {"model": "s3://m/model.bin", "gain": "./gains/g.csv", "twin": "/a/g.h5.aux"},
		"https://h/p/g.h5?sig=a/b.": {"model": "s3://m/model.bin", "gain": "https://h/p/gains/g.csv", "twin": "/a/g.h5.aux"},
	} {
		want["data"] = url
		require.Equal(t, want, cfg.DataSource.WithFiles(core.Granule{Assets: map[string]string{"data": url}}).Assets)
	}
	own := cfg.DataSource.WithFiles(core.Granule{Assets: map[string]string{"data": "g.h5", "model": "other"}})
	require.Equal(t, "other", own.Assets["model"])
	for files, wrong := range map[string]string{
		`{data: x}`: "cannot be the name", `{a: "{granule}"}`: "{granule} is not known", `{a: "{name"}`: "{name is not known", `{a: ""}`: "empty",
	} {
		_, _, err := Parse("run.yaml", []byte("data_source: {reader: mine, files: "+files+"}\naggregation: {variables: {n: {function: count}}}\noutput: {grid: {type: healpix, parent_order: 6, child_order: 12}}\n"))
		require.ErrorContains(t, err, wrong)
		require.ErrorContains(t, err, "run.yaml:1")
	}
}
