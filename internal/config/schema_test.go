package config

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "rewrite docs/config.md")

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("config.json", doc))
	s, err := c.Compile("config.json")
	require.NoError(t, err)
	return s
}

func validate(t testing.TB, s *jsonschema.Schema, text string) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(parseTree(t, text).json()))
	require.NoError(t, err)
	return s.Validate(v)
}

func TestSchema(t *testing.T) {
	s := compileSchema(t)
	require.NoError(t, validate(t, s, minimal))
	for _, name := range Shipped() {
		text, err := ShippedText(name)
		require.NoError(t, err)
		require.NoError(t, validate(t, s, string(text)), name)
	}
	require.NoError(t, validate(t, s, edit(t, "output:\n", "output:\n  sweep: {a: b}\n  windowing: null\n  compression: {codec: zstd}\n  consolidate_metadata: null\n  aoi_mask: false\n")))
	require.NoError(t, validate(t, s, "data_source: {reader: atl06}\naggregation: {variables: {n: {function: len}}}\noutput: {grid: {type: h3}}\n"))
	for _, c := range badConfigs() {
		if c.schema {
			require.Error(t, validate(t, s, edit(t, c.from, c.to)), c.name)
		}
	}
	require.Error(t, validate(t, s, edit(t, "output:\n", "output:\n  windowing: {schedule: quarterly}\n")), "not yet")
	require.Error(t, validate(t, s, edit(t, "output:\n", "output:\n  aoi_mask: true\n")), "not yet")
	require.Error(t, validate(t, s, edit(t, "data_source:\n", "data_source:\n  reader: raster\n")), "not yet")
}

// The table is well formed: parents come first, no key twice, every key is explained.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range keys() {
		require.False(t, seen[k.path], k.path)
		seen[k.path] = true
		require.NotEmpty(t, k.doc, k.path)
		require.NotZero(t, k.types, k.path)
	}
	for path := range schemaExtra() {
		require.True(t, seen[path], path)
	}
}

func TestReference(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "config.md")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, reference(), 0o644))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(reference()), string(have), "docs/config.md is not current: go test ./internal/config -run Reference -update")
}
