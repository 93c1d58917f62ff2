package cmr

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/cmrtest"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/web"
)

var epoch = time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)

// server has n granules along the equator, one an hour, one a degree.
func server(t *testing.T, n int) *cmrtest.Server {
	s := cmrtest.New(t)
	s.Collections = []cmrtest.Collection{
		{ID: "C1-P", ShortName: "ATL06", Version: "007", Provider: "P", Representation: "GEODETIC"},
		{ID: "C2-P", ShortName: "ATL06", Version: "006", Provider: "P", Representation: "GEODETIC"},
		{ID: "C3-Q", ShortName: "ATL06", Version: "006", Provider: "Q", Representation: "CARTESIAN"},
	}
	for i := range n {
		id, lon := fmt.Sprintf("g%04d.h5", i), float64(i%360)-180
		s.Granules = append(s.Granules, &catalog.Entry{
			Granule:    core.Granule{ID: id, Size: int64(1000 + i), Start: epoch.Add(time.Duration(i) * time.Hour), End: epoch.Add(time.Duration(i)*time.Hour + time.Minute)},
			Collection: "C1-P", Product: "ATL06", Version: "007", Data: catalog.Address{S3: "s3://b/" + id, HTTPS: "https://h/" + id},
			Footprint: core.Region{Polygons: []core.Polygon{{{{Lon: lon, Lat: -1}, {Lon: lon + 0.5, Lat: -1}, {Lon: lon, Lat: 1}}}}},
		})
	}
	return s
}

func source(s *cmrtest.Server, o Options) *Source {
	o.URL = s.URL
	if o.Client == nil {
		o.Client = &web.Client{Base: time.Millisecond, Max: time.Millisecond, Patience: 5 * time.Second}
	}
	return New(o)
}

func gather(s *Source, q catalog.Query) (list []*catalog.Entry, meta catalog.Meta, err error) {
	meta, err = s.Granules(context.Background(), q, func(g *catalog.Entry) error {
		list = append(list, g)
		return nil
	})
	return list, meta, err
}

func atl06() catalog.Query { return catalog.Query{ShortName: "ATL06", Version: "007", Provider: "P"} }

// Everything comes, through pages and all that can go wrong on the way, as it was put in.
func TestSearch(t *testing.T) {
	s := server(t, 95)
	s.Fail("granules", 1, cmrtest.Throttle("0"), cmrtest.Status(503, "x"), cmrtest.Truncate)
	s.Fail("granules", 3, cmrtest.Half, cmrtest.Status(504, ""), cmrtest.Throttle("0"), cmrtest.Body(""))
	var progress []int
	list, meta, err := gather(source(s, Options{PageSize: 10, Progress: func(done, total int) { progress = append(progress, done, total) }}), atl06())
	require.NoError(t, err)
	require.Equal(t, s.Granules, list)
	require.Equal(t, catalog.Meta{Source: "CMR", Provider: "P", Collection: "C1-P", ShortName: "ATL06", Version: "007", TotalGranules: 95}, meta)
	require.Equal(t, []int{10, 95, 20, 95}, progress[:4])
	require.Equal(t, []int{95, 95}, progress[len(progress)-2:])
	require.Len(t, s.Requests("granules"), 11+7)
	for _, r := range s.Requests("") {
		require.Empty(t, r.Header.Get("Authorization"))
		require.Equal(t, "zagg", r.Header.Get("User-Agent"))
	}
}

func TestPatience(t *testing.T) {
	s := server(t, 5)
	s.Fail("granules", 0, cmrtest.Stall)
	list, _, err := gather(source(s, Options{Client: &web.Client{Base: time.Millisecond, Max: time.Millisecond, Patience: 300 * time.Millisecond}}), atl06())
	require.NoError(t, err)
	require.Len(t, list, 5)
	s.Fail("granules", 0, cmrtest.Status(500, "a"), cmrtest.Status(500, "b"))
	_, _, err = gather(source(s, Options{Client: &web.Client{Base: time.Millisecond, Max: time.Millisecond, Attempts: 2}}), atl06())
	require.Equal(t, core.Unavailable, core.CodeOf(err))
}

func TestTimeAndArea(t *testing.T) {
	s := server(t, 360)
	q := atl06()
	q.Start, q.End = epoch.Add(100*time.Hour), epoch.Add(200*time.Hour)
	list, meta, err := gather(source(s, Options{}), q)
	require.NoError(t, err)
	require.Len(t, list, 101)
	require.Equal(t, []string{"2019-01-05", "2019-01-09"}, []string{meta.StartDate, meta.EndDate})

	q = atl06()
	q.Region, err = geometry.Box(175, -10, 185, 10)
	require.NoError(t, err)
	list, meta, err = gather(source(s, Options{}), q)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list), 10)
	require.Less(t, len(list), 13)
	require.Equal(t, []float64{175, -10, 185, 10}, meta.BBox)

	// Long queries go into the body.
	for lon := -170.0; lon < -90; lon += 11 {
		b, err := geometry.Box(lon, 0, lon+1, 1)
		require.NoError(t, err)
		q.Region.Polygons = append(q.Region.Polygons[:min(len(q.Region.Polygons), 7)], b.Polygons...)
	}
	q.Region.Planar = false
	_, _, err = gather(source(s, Options{}), q)
	require.NoError(t, err)
	last := s.Requests("granules")[len(s.Requests("granules"))-1]
	require.Equal(t, "POST", last.Method)
	form, err := url.ParseQuery(last.Body)
	require.NoError(t, err)
	require.Len(t, form["polygon[]"], 8)

	q.Start, q.End = q.End.Add(time.Hour), epoch
	q.Start = epoch.Add(time.Hour)
	_, _, err = gather(source(s, Options{}), q)
	require.ErrorContains(t, err, "before it begins")
	q.Region.Polygons[0][0][0].Lat = 91
	q.Start = time.Time{}
	_, _, err = gather(source(s, Options{}), q)
	require.Equal(t, core.Invalid, core.CodeOf(err))
}

func TestNothingIsCutOffSilently(t *testing.T) {
	s := server(t, 30)
	s.HitsOff = 1
	_, _, err := gather(source(s, Options{PageSize: 10}), atl06())
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	require.ErrorContains(t, err, "CMR has 31 granules and gave 30")
	s.HitsOff = -1
	list, _, err := gather(source(s, Options{PageSize: 10}), atl06())
	require.NoError(t, err, "one was deleted meanwhile")
	require.Len(t, list, 30)
	s.HitsOff, s.RepeatCursor = 0, true
	_, _, err = gather(source(s, Options{PageSize: 10}), atl06())
	require.ErrorContains(t, err, "repeats a page")
	s.RepeatCursor = false
	s.Fail("granules", 0, cmrtest.Body(`{"items":[]}`))
	_, _, err = gather(source(s, Options{}), atl06())
	require.ErrorContains(t, err, "does not say how many")
	s.Fail("granules", 0, cmrtest.Body("<html>maintenance</html>"))
	_, _, err = gather(source(s, Options{}), atl06())
	require.ErrorContains(t, err, "a page, not JSON")
	s.Items = map[string]string{"g0003.h5": `{"meta":{"concept-id":"G9"},"umm":{"GranuleUR":"odd","RelatedUrls":"none"}}`}
	_, _, err = gather(source(s, Options{}), atl06())
	require.Equal(t, core.Corrupt, core.CodeOf(err))
	require.ErrorContains(t, err, "G9")
}

func TestSameFileTwice(t *testing.T) {
	s := server(t, 3)
	s.Items = map[string]string{"g0002.h5": string(s.UMM(s.Granules[1], "G-again"))}
	list, _, err := gather(source(s, Options{}), atl06())
	require.NoError(t, err, "one file catalogued twice is one granule")
	require.Len(t, list, 2)
	moved := *s.Granules[1]
	moved.Data = catalog.Address{S3: "s3://other/g0001.h5"}
	s.Items["g0002.h5"] = string(s.UMM(&moved, "G-moved"))
	_, _, err = gather(source(s, Options{}), atl06())
	require.ErrorContains(t, err, "two files of this name")
}

func TestCollections(t *testing.T) {
	s := server(t, 1)
	for want, q := range map[string]catalog.Query{
		"needs a short name":                                           {},
		"it has ATL06 006 at P, 006 at Q, 007 at P":                    {ShortName: "ATL06"},
		"it has ATL06 006 at P, 006 at Q":                              {ShortName: "ATL06", Version: "006"},
		"ATL06 005: CMR has no such collection; it has ATL06 006 at P": {ShortName: "ATL06", Version: "005"},
		"none of the short name ATL99":                                 {ShortName: "ATL99", Version: "006", Provider: "P"},
	} {
		_, _, err := gather(source(s, Options{}), q)
		require.ErrorContains(t, err, want)
	}
	c, err := source(s, Options{}).Collection(context.Background(), atl06())
	require.NoError(t, err)
	require.Equal(t, &Collection{ID: "C1-P", ShortName: "ATL06", Version: "007", Provider: "P", S3Credentials: s.Archive.URL + "/s3credentials", Region: "us-west-2"}, c)
}

// A token is sent only where a collection is not found without.
func TestRestricted(t *testing.T) {
	s := server(t, 3)
	s.Collections[0].Restricted = true
	asked := 0
	token := func(text string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { asked++; return text, nil }
	}
	list, _, err := gather(source(s, Options{Token: token("good-token")}), atl06())
	require.NoError(t, err)
	require.Len(t, list, 3)
	require.Equal(t, 1, asked)
	require.Equal(t, "Bearer good-token", s.Requests("granules")[0].Header.Get("Authorization"))
	_, _, err = gather(source(s, Options{Token: token("")}), atl06())
	require.Equal(t, core.NotFound, core.CodeOf(err))
	s.Fail("collections", 2, cmrtest.Status(401, `{"errors":["Token has expired"]}`))
	_, _, err = gather(source(s, Options{Token: token("old-token")}), atl06())
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "has it expired?")
	require.NotContains(t, err.Error(), "old-token")
}
