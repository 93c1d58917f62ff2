package geoparquet

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// benchGranules are like those of ICESat-2: outlines of 24 vertices.
func benchGranules(n int) []*catalog.Entry {
	list := make([]*catalog.Entry, n)
	for i := range list {
		id := fmt.Sprintf("ATL03_20181014031924_%08d_007_01.h5", i)
		ring := make([]core.LonLat, 24)
		for j := range ring {
			ring[j] = core.LonLat{Lon: float64(i%360) - 180 + float64(j)/7, Lat: float64(j)*3 + float64(i%7) - 40}
		}
		const folder = "nsidc-cumulus-prod-protected/ATLAS/ATL03/007/2018/10/14/"
		list[i] = &catalog.Entry{Granule: core.Granule{ID: id}, Data: catalog.Address{S3: "s3://" + folder + id, HTTPS: "https://data.nsidc.earthdatacloud.nasa.gov/" + folder + id},
			Siblings: map[string]catalog.Address{"metadata": {HTTPS: "https://data.nsidc.earthdatacloud.nasa.gov/" + folder + id + ".iso.xml"}}, Footprint: core.Region{Polygons: []core.Polygon{{ring}}}}
	}
	return list
}

func BenchmarkRead(b *testing.B) {
	const n = 20000
	data := write(b, catalog.Meta{}, benchGranules(n)...)
	b.ReportAllocs()
	for b.Loop() {
		f, err := New("bench", bytes.NewReader(data), int64(len(data)), Options{})
		require.NoError(b, err)
		_, err = f.Granules(context.Background(), catalog.Query{}, func(*catalog.Entry) error { return nil })
		require.NoError(b, err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/granule")
}

func BenchmarkWrite(b *testing.B) {
	const n = 20000
	list := benchGranules(n)
	for b.Loop() {
		write(b, catalog.Meta{}, list...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/granule")
}
