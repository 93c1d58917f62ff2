package shardmap

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/sharedtest"
)

// The files that earlier releases wrote are read, and written again byte for byte.
func TestRoundTripOfPublishedMaps(t *testing.T) {
	for _, elem := range [][]string{
		{"golden", "small", "shardmap.json"}, {"golden", "bench", "shardmap.json"}, {"golden", "edge", "shardmap.json"},
		{"data", "zagg", "sm_healpix_o9.json"}, {"data", "zagg", "sm_rect_3km.json"},
	} {
		want, err := os.ReadFile(sharedtest.Dir(t, elem...))
		require.NoError(t, err)
		m, err := Parse(elem[len(elem)-1], want)
		require.NoError(t, err)
		var got bytes.Buffer
		require.NoError(t, m.Write(&got))
		require.Equal(t, string(want), got.String())
	}
}

const two = `{
  "metadata": {"short_name": "ATL06"},
  "grid_signature": {"type": "healpix", "parent_order": 6},
  "shard_keys": [12685514250395844614, "12683825400535580678"],
  "granules": [
    [{"id": "a.h5", "s3": "s3://b/a.h5", "https": null}],
    [{"id": "b.h5", "https": "https://h/b.h5", "assets": {"l2a": {"s3": "s3://b/l2a.h5"}, "x": "https://h/x.h5"},
      "time_start": "2024-11-02T01:15:00+00:00"}]
  ],
  "pairless": 3
}`

func TestRead(t *testing.T) {
	m, err := Parse("two.json", []byte(two))
	require.NoError(t, err)
	require.Equal(t, []core.ShardKey{"12685514250395844614", "12683825400535580678"}, m.Keys)
	require.Equal(t, 2, m.Pairs())
	require.Equal(t, []string{"a.h5", "b.h5"}, m.GranuleIDs())
	require.JSONEq(t, "3", string(m.Extra["pairless"]))

	var out, again bytes.Buffer
	require.NoError(t, m.Write(&out))
	require.Equal(t, core.ShardKey("12685514250395844614"), m.Keys[0], "writing leaves the map alone")
	sorted, err := Parse("two.json", out.Bytes())
	require.NoError(t, err)
	require.Equal(t, core.ShardKey("12683825400535580678"), sorted.Keys[0])
	require.Equal(t, "b.h5", sorted.Granules[0][0].ID)
	require.NoError(t, sorted.Write(&again))
	require.Equal(t, out.String(), again.String())
}

func TestReadErrors(t *testing.T) {
	edit := func(from, to string) string {
		require.Contains(t, two, from)
		return strings.Replace(two, from, to, 1)
	}
	for name, c := range map[string]struct {
		text string
		code core.Code
		want []string
	}{
		"empty":         {"", core.Corrupt, []string{"m.json:1", "ends in the middle"}},
		"truncated":     {two[:300], core.Corrupt, []string{"granules[1][0]", "m.json:7", "byte 300"}},
		"not JSON":      {edit(`"s3": "s3://b/a.h5"`, `"s3" = "s3://b/a.h5"`), core.Corrupt, []string{"granules[0][0]", "m.json:6", "'='", "(byte 206)"}},
		"a list":        {"[1]", core.Invalid, []string{"must begin with {"}},
		"not a map":     {`{"type": "FeatureCollection"}`, core.Invalid, []string{"grid_signature", "is this a shard map?"}},
		"float key":     {edit("12685514250395844614,", "1.2e19,"), core.Invalid, []string{"shard_keys[0]", "1.2e19", "m.json:4"}},
		"huge key":      {edit("12685514250395844614,", "126855142503958446140,"), core.Invalid, []string{"shard_keys[0]", "126855142503958446140"}},
		"key twice":     {edit("12685514250395844614,", "12683825400535580678,"), core.Invalid, []string{"entry 1", "given twice"}},
		"not parallel":  {edit(`, "12683825400535580678"`, ""), core.Invalid, []string{"2 lists for 1 shard_keys"}},
		"no id":         {edit(`"id": "b.h5", `, ""), core.Invalid, []string{"granule 0", "12683825400535580678", "no id"}},
		"granule twice": {edit(`"https": null}`, `"https": null}, {"id": "a.h5", "s3": "s3://c/a.h5"}`), core.Invalid, []string{"a.h5 twice"}},
		"wrong type":    {edit(`"id": "a.h5"`, `"id": 5`), core.Invalid, []string{"granules[0][0]", "m.json:6", "number"}},
		"signature":     {edit(`{"type": "healpix", "parent_order": 6}`, `"healpix"`), core.Invalid, []string{"grid_signature is not an object"}},
		"twice":         {edit(`"pairless": 3`, `"metadata": {}`), core.Invalid, []string{`"metadata" is given twice`}},
		"more text":     {two + "\n{}", core.Invalid, []string{"after the end"}},
		"mask":          {edit(`"pairless": 3`, `"aoi_mask": [[1]]`), core.Invalid, []string{"1 entries for 2 shard_keys"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("m.json", []byte(c.text))
			require.Error(t, err)
			require.Equal(t, c.code, core.CodeOf(err), err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.ErrorContains(t, err, "m.json")
		})
	}
	_, err := Load(filepath.Join(t.TempDir(), "none.json"))
	require.Equal(t, core.NotFound, core.CodeOf(err))
}

func TestChoose(t *testing.T) {
	m, err := Parse("two.json", []byte(two))
	require.NoError(t, err)
	a, b := m.Granules[0][0], m.Granules[1][0]

	g, err := a.Choose("s3")
	require.NoError(t, err)
	require.Equal(t, core.Granule{ID: "a.h5", Assets: map[string]string{"data": "s3://b/a.h5"}}, g)
	g, err = a.Choose("https")
	require.NoError(t, err)
	require.Equal(t, "s3://b/a.h5", g.Assets["data"], "the other address where one is missing")
	g, err = b.Choose("https")
	require.NoError(t, err)
	require.Equal(t, map[string]string{"data": "https://h/b.h5", "l2a": "s3://b/l2a.h5", "x": "https://h/x.h5"}, g.Assets)
	require.Equal(t, time.Date(2024, 11, 2, 1, 15, 0, 0, time.UTC), g.Start)

	plain := catalog.Entry{Granule: core.Granule{ID: "c.h5"}, Data: catalog.Address{S3: "/data/c.h5"}}
	g, err = plain.Choose("https")
	require.NoError(t, err)
	require.Equal(t, "/data/c.h5", g.Assets["data"])
	_, err = (&catalog.Entry{Granule: core.Granule{ID: "d.h5"}}).Choose("s3")
	require.ErrorContains(t, err, "d.h5")
}

func TestSameSignature(t *testing.T) {
	for _, c := range []struct{ a, b, diff string }{
		{`{"type":"healpix","parent_order":6}`, `{ "parent_order": 6, "type": "healpix" }`, ""},
		{`{"affine":[10.0,0.0,1e3]}`, `{"affine":[10,-0.0,1000]}`, ""},
		{`{"key":12685514250395844614}`, `{"key":12685514250395844615}`, "key: 12685514250395844614 and 12685514250395844615"},
		{`{"parent_order":6,"type":"healpix"}`, `{"parent_order":7,"type":"h3"}`, `type: "healpix" and "h3"`},
		{`{"a":1,"b":2}`, `{"a":1,"b":3}`, "b: 2 and 3"},
		{`{"a":1}`, `{"a":1,"latitude":"geodetic-spherical"}`, `latitude: absent and "geodetic-spherical"`},
		{`{"a":1}`, `[]`, "a grid signature is not a JSON object"},
		{``, `{}`, "a grid signature is not a JSON object"},
	} {
		ok, diff := SameSignature([]byte(c.a), []byte(c.b))
		require.Equal(t, c.diff == "", ok, c)
		require.Equal(t, c.diff, diff)
	}
}

func TestWriteRefusesBadMaps(t *testing.T) {
	m := &Map{Keys: []core.ShardKey{"1", "1"}, Granules: [][]*catalog.Entry{{}, {}}}
	require.ErrorContains(t, m.Write(&bytes.Buffer{}), "twice")
}

// What is read can be written, and reads as the same map again.
func FuzzRead(f *testing.F) {
	f.Add([]byte(two))
	f.Add([]byte(`{"grid_signature":{},"shard_keys":[-5,"8a2a"],"granules":[[],[{"id":"x"}]],"aoi_mask":[[1],null]}`))
	f.Add([]byte(two[:200]))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse("fuzz.json", data)
		if err != nil {
			return
		}
		SameSignature(m.GridSignature, m.GridSignature)
		var a, b bytes.Buffer
		require.NoError(t, m.Write(&a))
		again, err := Parse("again.json", a.Bytes())
		require.NoError(t, err)
		require.NoError(t, again.Write(&b))
		require.Equal(t, a.String(), b.String())
	})
}

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile(sharedtest.Dir(b, "golden", "bench", "shardmap.json"))
	require.NoError(b, err)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Parse("bench", data); err != nil {
			b.Fatal(err)
		}
	}
}

// What a file spells in another way than this version is written again as it was read, in GeoJSON too; what is spelled alike is one entry.
func TestSpellings(t *testing.T) {
	granules := []string{
		`{"id":"a","s3":"s3://b/a","https":"","time_start":"2024-11-02T01:15:00Z"}`,
		`{"id":"a","s3":"s3://b/a","https":"","time_start":"2024-11-02T01:15:00+01:00","time_end":"about noon"}`,
		`{"id":"a","s3":"s3://b/a","https":"","assets":{"x":"https://h/x","y":{"s3":"s3://b/y"}}}`,
		`{"id":"a","s3":"s3://b/a","https":"","datetime":"2024-11-02T01:15:00+00:00","time_start":"2024-11-02T01:14:00+00:00"}`,
		`{"id":"a","s3":"s3://b/a","https":"","datetime":"2024-11-02T01:15:00.5+00:00"}`,
		`{"id":"a","s3":"s3://b/a","https":"","time_end":"2024-11-02T01:15:00.500000+00:00","size":7}`,
	}
	for _, text := range granules {
		m, err := Parse("m.json", []byte(`{"grid_signature":{},"shard_keys":["1","2"],"granules":[[`+text+`],[`+text+`]]}`))
		require.NoError(t, err)
		require.Same(t, m.Granules[0][0], m.Granules[1][0])
		var out, compact bytes.Buffer
		require.NoError(t, m.Write(&out))
		require.NoError(t, json.Compact(&compact, out.Bytes()))
		require.Contains(t, compact.String(), `"granules":[[`+text+`],[`+text+`]]`)

		list, err := m.GranulesJSON(1)
		require.NoError(t, err)
		require.Equal(t, "["+text+"]", string(list))
		again := &Map{}
		require.NoError(t, again.SetGranulesJSON([]json.RawMessage{list, list}))
		require.Equal(t, m.Granules, again.Granules)
		require.Same(t, again.Granules[0][0], again.Granules[1][0])
		list, err = again.GranulesJSON(0)
		require.NoError(t, err)
		require.Equal(t, "["+text+"]", string(list))
	}
	require.ErrorContains(t, (&Map{}).SetGranulesJSON([]json.RawMessage{nil}), "entry 0 has none")
	require.ErrorContains(t, (&Map{}).SetGranulesJSON([]json.RawMessage{[]byte("[]"), []byte(`[{"id":5}]`)}), "entry 1")
}
