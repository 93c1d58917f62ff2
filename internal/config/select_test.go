package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSelection(t *testing.T) {
	c, _, err := Parse("run.yaml", []byte(edit(t, "data_source:\n", "data_source:\n  select: {bbox: [-50, 68, -47.5, 70], start: 2019-03-01, end: 2019-03-31}\n")))
	require.NoError(t, err)
	s := c.DataSource.Select
	require.Equal(t, [4]float64{-50, 68, -47.5, 70}, *s.Box)
	require.Equal(t, time.Date(2019, 3, 1, 0, 0, 0, 0, time.UTC), s.Start)
	require.Equal(t, time.Date(2019, 4, 1, 0, 0, 0, 0, time.UTC), s.End, "a day alone is all of it")

	plain, _, err := Parse("run.yaml", []byte(edit(t, "output:\n", "output:\n")))
	require.NoError(t, err)
	require.NotEqual(t, plain.SemanticHash(), c.SemanticHash())
	same, err := plain.Select(s)
	require.NoError(t, err)
	require.Equal(t, s, same.DataSource.Select)
	again, _, err := Parse("run.yaml", same.JSON())
	require.NoError(t, err)
	require.Equal(t, same.SemanticHash(), again.SemanticHash())
	later, err := same.Select(Selection{End: s.End.AddDate(0, 1, 0)})
	require.NoError(t, err)
	require.Equal(t, s.Box, later.DataSource.Select.Box, "what a choice leaves open stands")
	require.Equal(t, s.Start, later.DataSource.Select.Start)
}

func TestSelectionRefused(t *testing.T) {
	for text, want := range map[string]string{
		"{bbox: [1, 2, 3]}":                              "have 3 numbers",
		"{bbox: [0, 10, 1, 5]}":                          "south first",
		"{bbox: [0, 10, 999, 50]}":                       "longitudes",
		"{start: yesterday}":                             "not a time of UTC",
		"{start: 2019-03-02, end: 2019-03-01}":           "not after start",
		"{start: 2019-03-01, end: 2019-03-01T00:00:00}":  "not after start",
		"{bbox: [0, 1, 2, 3], polygon: {type: Polygon}}": "not together with bbox",
		"{polygon: basin.geojson}":                       "polygon",
		"{from: 2019-03-01}":                             "from",
	} {
		_, _, err := Parse("run.yaml", []byte(edit(t, "data_source:\n", "data_source:\n  select: "+text+"\n")))
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, "run.yaml:", text)
	}
}
