package stac

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/cmrtest"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/web"
	"github.com/englacial/zagg/internal/sharedtest"
)

func start() time.Time { return time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC) }

// server has n granules along the equator, one an hour, one a degree.
func server(t *testing.T, n int) *cmrtest.Server {
	s := cmrtest.New(t)
	for i := range n {
		id, lon := fmt.Sprintf("g%04d.h5", i), float64(i%360)-180
		s.Granules = append(s.Granules, &catalog.Entry{
			Granule:    core.Granule{ID: id, Start: start().Add(time.Duration(i) * time.Hour), End: start().Add(time.Duration(i)*time.Hour + time.Minute)},
			Collection: "ATL06_007", Product: "ATL06", Version: "007", Data: catalog.Address{S3: "s3://b/" + id, HTTPS: "https://h/" + id},
			Footprint: core.Region{Polygons: []core.Polygon{{{{Lon: lon, Lat: -1}, {Lon: lon + 0.5, Lat: -1}, {Lon: lon, Lat: 1}}}}},
		})
	}
	return s
}

func sources(t *testing.T, s *cmrtest.Server, o Options) map[string]*Source {
	o.Client = &web.Client{Base: time.Millisecond, Max: time.Millisecond, Patience: 5 * time.Second}
	get, post := o, o
	get.URL, post.URL, post.Post = CMRSearch(s.URL, "NSIDC_CPRD"), s.URL+"/api/search", true
	a, err := New(get)
	require.NoError(t, err)
	b, err := New(post)
	require.NoError(t, err)
	return map[string]*Source{"GET": a, "POST": b}
}

func gather(s catalog.Source, q catalog.Query) (list []*catalog.Entry, meta catalog.Meta, err error) {
	meta, err = s.Granules(context.Background(), q, func(g *catalog.Entry) error {
		list = append(list, g)
		return nil
	})
	return list, meta, err
}

func atl06() catalog.Query {
	return catalog.Query{ShortName: "ATL06", Version: "007", Provider: "NSIDC_CPRD"}
}

func TestPaging(t *testing.T) {
	for _, merge := range []bool{false, true} {
		s := server(t, 95)
		s.MergeBody = merge
		for name, source := range sources(t, s, Options{Limit: 10}) {
			s.Fail("search", 1, cmrtest.Throttle("0"), cmrtest.Truncate, cmrtest.Half, cmrtest.Status(502, ""))
			list, meta, err := gather(source, atl06())
			require.NoError(t, err, name)
			require.Equal(t, s.Granules, list)
			require.Equal(t, catalog.Meta{Source: "STAC", Provider: "NSIDC_CPRD", Collection: "ATL06_007", ShortName: "ATL06", Version: "007", TotalGranules: 95}, meta)
		}
	}
}

func TestTimeAndArea(t *testing.T) {
	s := server(t, 360)
	q := atl06()
	q.Start, q.End = start().Add(100*time.Hour), start().Add(200*time.Hour)
	for name, source := range sources(t, s, Options{Limit: 100}) {
		list, _, err := gather(source, q)
		require.NoError(t, err, name)
		require.Len(t, list, 101)
		open := q
		open.End = time.Time{}
		list, _, err = gather(source, open)
		require.NoError(t, err, name)
		require.Len(t, list, 260)
	}
	q = atl06()
	var err error
	q.Region, err = geometry.Box(175, -10, 185, 10)
	require.NoError(t, err)
	for name, source := range sources(t, s, Options{}) {
		list, meta, err := gather(source, q)
		require.NoError(t, err, name)
		require.Len(t, list, 11, "%s: both sides of the antimeridian", name)
		require.Equal(t, []float64{175, -10, 185, 10}, meta.BBox)
	}
	for _, c := range []struct {
		region [4]float64
		n      int
	}{{[4]float64{-180, -90, 180, 90}, 1}, {[4]float64{-10, 0, 10, 1}, 1}, {[4]float64{170, 0, 190, 1}, 2}} {
		r, err := geometry.Box(c.region[0], c.region[1], c.region[2], c.region[3])
		require.NoError(t, err)
		source := sources(t, s, Options{})["GET"]
		before := len(s.Requests("stac"))
		q.Region = r
		_, _, err = gather(source, catalog.Query{ShortName: "none", Region: r})
		require.NoError(t, err)
		require.Len(t, s.Requests("stac"), before+c.n)
	}
}

func TestNothingIsCutOffSilently(t *testing.T) {
	s := server(t, 5)
	for name, source := range sources(t, s, Options{}) {
		s.HitsOff = 2
		_, _, err := gather(source, atl06())
		require.ErrorContains(t, err, "has 7 items and gave 5", name)
		s.HitsOff = 0
		for body, want := range map[string]string{
			`{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":"?x=1"}]}`: "has 5 items and gave 0",
			`{"code":"x","description":"bad collection"}`:                                       "bad collection",
			`[]`: "cannot unmarshal",
			`{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","assets":{"data":{"href":5}}}]}`:                                                   "stac a",
			`{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","collection":"other","assets":{"data":{"href":"s3://b/a.h5"}},"bbox":[0,0,1,1]}]}`: "which was not asked for",
			`{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","assets":{"data":{"href":"s3://b/a.h5"}},"geometry":null}]}`:                       "no footprint",
		} {
			list := []cmrtest.Fault{cmrtest.Body(body)}
			if strings.Contains(body, "next") { // empty pages and then a good but wrong end
				list = append(list, cmrtest.Body(strings.Replace(body, "x=1", "x=2", 1)), cmrtest.Body(`{"type":"FeatureCollection","features":[],"numberMatched":5}`))
			}
			s.Fail("search", 0, list...)
			_, _, err := gather(source, atl06())
			require.ErrorContains(t, err, want, name)
		}
		s.Fail("search", 0, cmrtest.Body(`{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":"?x=1"}]}`), cmrtest.Body(`{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":"?x=1"}]}`))
		_, _, err = gather(source, atl06())
		require.ErrorContains(t, err, "repeats a page", name)
	}
}

func TestFollow(t *testing.T) {
	at, err := url.Parse("https://h.example/stac/search?x=1")
	require.NoError(t, err)
	for href, want := range map[string]string{
		"http://h.example/stac/search?t=2": "https://h.example/stac/search?t=2", "?t=2": "https://h.example/stac/search?t=2", "https://other.example/s": "https://other.example/s",
		"http://other.example/s": "unprotected", "https://a b/": "not an address",
	} {
		r, err := follow(&link{Href: href}, at, web.Request{}, nil)
		if err != nil {
			require.ErrorContains(t, err, want)
			continue
		}
		require.Equal(t, want, r.URL)
	}
	_, err = follow(&link{Href: "x", Method: "post", Body: []byte(`[1]`)}, at, web.Request{}, nil)
	require.ErrorContains(t, err, "body of the link")
	r, err := follow(&link{Href: "x", Method: "POST", Body: []byte(`{"token":"t"}`), Merge: true}, at, web.Request{}, map[string]json.RawMessage{"limit": []byte("5"), "token": []byte("1")})
	require.NoError(t, err)
	require.JSONEq(t, `{"limit":5,"token":"t"}`, string(r.Body))
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{}, {URL: "ftp://x/search"}, {URL: "https://h/search", Query: []byte("{}")}, {URL: "https://h/search", Post: true, Query: []byte("5")}} {
		_, err := New(o)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	s := server(t, 1)
	source := sources(t, s, Options{})["GET"]
	_, _, err := gather(source, catalog.Query{})
	require.ErrorContains(t, err, "which collection?")
	o, err := New(Options{URL: s.URL + "/api/search", Post: true, Query: []byte(`{"query":{"eo:cloud_cover":{"lt":20}}}`), Collections: []string{"ATL06_007"}})
	require.NoError(t, err)
	list, _, err := gather(o, catalog.Query{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.JSONEq(t, `{"query":{"eo:cloud_cover":{"lt":20}},"collections":["ATL06_007"],"limit":250}`, s.Requests("api")[0].Body)
}

// 100 items of a real catalog.
func TestRecordedItems(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Dir(t, "data", "cmr", "ATL03_007_stac_items_100.json"))
	require.NoError(t, err)
	c, err := Parse("items.json", data, ItemOptions{})
	require.NoError(t, err)
	list, meta, err := gather(c, catalog.Query{})
	require.NoError(t, err)
	require.Len(t, list, 100)
	require.Equal(t, 100, meta.TotalGranules)
	g := list[0]
	require.Equal(t, []any{"ATL03_20181014031924_02370102_007_01.h5", "ATL03_007", "ATL03", "007", 1, 237}, []any{g.ID, g.Collection, g.Product, g.Version, g.Cycle, g.RGT})
	require.True(t, strings.HasPrefix(g.Data.S3, "s3://nsidc-cumulus-prod-protected/") && strings.HasPrefix(g.Data.HTTPS, "https://data.nsidc."))
	require.Len(t, g.Footprint.Polygons[0][0], 22)
	require.False(t, g.Footprint.Planar)
	require.Equal(t, "2018-10-14T03:19:24.37Z", g.Start.Format(time.RFC3339Nano))
	some, _, err := gather(c, catalog.Query{End: g.End})
	require.NoError(t, err)
	require.Len(t, some, 1)
}

// A recorded answer of CMR's own STAC format: many files to a granule, so that one must be chosen.
func TestRecordedAnswer(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Dir(t, "data", "cmr", "TestGranuleClass.test_stac_output.yaml"))
	require.NoError(t, err)
	var tape struct {
		Interactions []struct {
			Response struct {
				Body struct{ String string }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &tape))
	answer := []byte(tape.Interactions[0].Response.Body.String)
	var p page
	require.NoError(t, json.Unmarshal(answer, &p))
	require.Len(t, p.Features, 2)
	g, err := decode(p.Features[0], nil, ItemOptions{Rules: catalog.Rules{Data: "data3"}}, catalog.NewNamer())
	require.NoError(t, err)
	require.Equal(t, "G2147556158-LPCLOUD", g.ID)
	require.Contains(t, g.Data.HTTPS, ".B11.tif")
	require.Len(t, g.Siblings, 15)
	require.Equal(t, core.LonLat{Lon: -106.0982929, Lat: 35.1499121}, g.Footprint.Polygons[0][0][0])
}

func TestItems(t *testing.T) {
	item := func(more string) string {
		return `{"type":"Feature","id":"a.h5","collection":"C","properties":{"datetime":"2019-01-01T00:00:00.5+02:00","s2:datatake_id":"T1","n":5},` + more + `}`
	}
	assets := `"assets":{"h5":{"href":"./a.h5","roles":["data"],"file:size":77,"alternate":{"s3":{"href":"s3://b/a.h5"}}},"meta":{"href":"a.xml","roles":["metadata"]}},"links":[{"rel":"self","href":"https://h/items/a.json"}],`
	c, err := Parse("x.json", []byte(item(assets+`"bbox":[170,-10,0,-170,10,5000]`)), ItemOptions{TimeKey: "s2:datatake_id"})
	require.NoError(t, err)
	list, _, err := gather(c, catalog.Query{})
	require.NoError(t, err)
	want := &catalog.Entry{Granule: core.Granule{ID: "a.h5", Size: 77}, Collection: "C", Data: catalog.Address{S3: "s3://b/a.h5", HTTPS: "https://h/items/a.h5"}, TimeKey: "T1",
		Siblings: map[string]catalog.Address{"meta": {HTTPS: "https://h/items/a.xml"}}, Datetime: time.Date(2018, 12, 31, 22, 0, 0, 5e8, time.UTC)}
	want.Footprint, err = geometry.Box(170, -10, -170, 10)
	require.NoError(t, err)
	require.Equal(t, want, list[0])
	for text, want := range map[string]string{
		`{"type":"Catalog"}`: `"Catalog"`, `5`: "x.json", `{"type":"FeatureCollection","numberMatched":3,"features":[]}`: "0 of 3 items",
		`{"type":"FeatureCollection","features":[],"links":[{"rel":"next","href":"x"}]}`: "one page",
		item(assets + `"geometry":{"type":"Polygon","coordinates":[[[0,95]]]}`):          "a.h5: ring 0",
		item(`"assets":{}`): "no link to a file", item(assets + `"geometry":null`): "no footprint",
		`{"type":"FeatureCollection","features":[` + item(assets+`"bbox":[0,0,1,1]`) + `,` + item(assets+`"bbox":[0,0,1,1]`) + `]}`: "twice",
		strings.Replace(item(assets+`"bbox":[0,0,1,1]`), "T00:00", " 00:00", 1):                                                     "datetime",
		`{"type":"Feature","id":""}`: "not a STAC item",
	} {
		_, err := Parse("x.json", []byte(text), ItemOptions{})
		require.ErrorContains(t, err, want, text)
	}
	_, err = Parse("x.json", []byte(item(assets+`"bbox":[0,0,1,1]`)), ItemOptions{TimeKey: "none"})
	require.ErrorContains(t, err, "no property none")
	_, err = Parse("x.json", []byte(item(assets+`"geometry":null`)), ItemOptions{Anywhere: true, TimeKey: "n"})
	require.NoError(t, err)
}

func FuzzItems(f *testing.F) {
	f.Add([]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","id":"a","properties":{"datetime":"2019-01-01T00:00:00Z"},"assets":{"data":{"href":"x.h5","roles":["data"],"alternate":{"s3":{"href":"s3://b/x.h5"}}}},"geometry":{"type":"Point","coordinates":[1,2]},"links":[{"rel":"self","href":"https://h/"}]}]}`))
	f.Add([]byte(`{"type":"Feature","id":"a","assets":{"x":{"href":"x.h5"}},"bbox":[1,2,3,4]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("fuzz", data, ItemOptions{})
		if err != nil {
			return
		}
		for _, g := range c.granules {
			require.NotEmpty(t, g.ID)
			require.NotEmpty(t, g.Data.Any())
			require.NotEmpty(t, g.Footprint.Polygons)
		}
	})
}
