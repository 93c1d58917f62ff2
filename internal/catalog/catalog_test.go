package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestCycleDates(t *testing.T) {
	for cycle, want := range map[int][2]string{1: {"2018-10-13", "2019-01-11"}, 2: {"2019-01-12", "2019-04-12"}, 22: {"2024-01-06", "2024-04-05"}} {
		first, last, err := CycleDates(cycle)
		require.NoError(t, err)
		require.Equal(t, want, [2]string{first.Format(time.DateOnly), last.Format(time.DateOnly)})
	}
	_, _, err := CycleDates(0)
	require.ErrorContains(t, err, "cycle 0")
}

func TestNamer(t *testing.T) {
	n := NewNamer()
	g := &Entry{Granule: core.Granule{ID: "processed_ATL06_20190221121851_08410203_005_01.h5"}}
	n.Fill(g)
	require.Equal(t, &Entry{Granule: core.Granule{ID: g.ID, Start: time.Date(2019, 2, 21, 12, 18, 51, 0, time.UTC)}, Product: "ATL06", Version: "005", RGT: 841, Cycle: 2}, g)
	g = &Entry{Granule: core.Granule{ID: "ATL07-01_20190221121851_08410203_005_01.h5"}, Version: "7"}
	n.Fill(g)
	require.Equal(t, "ATL07", g.Product)
	require.Equal(t, "7", g.Version)
	g = &Entry{Granule: core.Granule{ID: "x.h5"}}
	n.Fill(g)
	require.Equal(t, &Entry{Granule: core.Granule{ID: "x.h5"}}, g)
	require.Equal(t, "c.h5", FileID("https://h/a/c.h5?sig=b/d"))
	require.Equal(t, "c.h5", FileID(`C:\a\c.h5`))
}

func TestAssign(t *testing.T) {
	https, s3 := "https://h/p/ATL06_x.h5", "s3://b/p/ATL06_x.h5"
	for name, c := range map[string]struct {
		rules Rules
		links []Link
		want  Entry
		err   string
	}{
		"our own": {links: []Link{{"data", https, "data"}, {"data_s3", s3, "data"}, {"metadata", "https://h/x.xml", "metadata"}, {"thumbnail_0", "https://h/x.jpg", "thumbnail"}},
			want: Entry{Data: Address{s3, https}, Siblings: map[string]Address{"metadata": {HTTPS: "https://h/x.xml"}}}},
		"by ending": {links: []Link{{"001/a", https, ""}, {"s3_001/a", s3, ""}, {"browse", "https://h/x.png", ""}}, want: Entry{Data: Address{s3, https}}},
		"by role":   {links: []Link{{"a", "https://h/x.tif", "data"}, {"b", "https://h/y.tif", ""}}, want: Entry{Data: Address{HTTPS: "https://h/x.tif"}, Siblings: map[string]Address{"b": {HTTPS: "https://h/y.tif"}}}},
		"chosen": {rules: Rules{Data: "l2a", Thumbnails: true}, links: []Link{{"l1b", "s3://b/1.h5", ""}, {"l2a", "s3://b/2.h5", ""}, {"pic", "https://h/x.png", "thumbnail"}},
			want: Entry{Data: Address{S3: "s3://b/2.h5"}, Siblings: map[string]Address{"l1b": {S3: "s3://b/1.h5"}, "pic": {HTTPS: "https://h/x.png"}}}},
		"two files": {links: []Link{{"l1b", "s3://b/1.h5", ""}, {"l2a", "s3://b/2.h5", ""}}, err: "1.h5 or 2.h5"},
		"none":      {links: []Link{{"pic", "https://h/x.png", ""}}, err: "have pic"},
		"nothing":   {err: "have none"},
	} {
		t.Run(name, func(t *testing.T) {
			var g Entry
			err := c.rules.Assign(&g, c.links)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, g)
		})
	}
}

func TestInTime(t *testing.T) {
	q := Query{Start: day("2019-01-10"), End: day("2019-01-20")}
	for _, c := range []struct {
		g    Entry
		want bool
	}{
		{Entry{}, true},
		{Entry{Datetime: day("2019-01-10")}, true},
		{Entry{Datetime: day("2019-01-09")}, false},
		{Entry{Granule: core.Granule{Start: day("2019-01-01"), End: day("2019-01-10")}}, true},
		{Entry{Granule: core.Granule{Start: day("2019-01-01"), End: day("2019-01-09")}}, false},
		{Entry{Granule: core.Granule{Start: day("2019-01-20")}}, true},
		{Entry{Granule: core.Granule{Start: day("2019-01-21")}}, false},
		{Entry{Granule: core.Granule{Start: day("2019-01-09").Add(12 * time.Hour)}}, true},
		{Entry{Granule: core.Granule{Start: day("2019-01-08")}}, false},
	} {
		require.Equal(t, c.want, q.InTime(&c.g), c.g)
	}
}

func TestList(t *testing.T) {
	text := "\ufeff# granules\n\ns3://b/ATL06_20190221121851_08410203_005_01.h5\r\n/data/ATL06_20200221121851_08410603_005_01.h5\nhttps://h/x.h5?y=1\nhttps://h/x.h5?y=1\n"
	l, err := readList("list.txt", strings.NewReader(text))
	require.NoError(t, err)
	var ids []string
	meta, err := l.Granules(context.Background(), Query{ShortName: "ATL06", Start: day("2019-02-01"), End: day("2019-03-01")}, func(g *Entry) error {
		ids = append(ids, g.ID+" "+g.Data.Any())
		require.Empty(t, g.Footprint.Polygons)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"ATL06_20190221121851_08410203_005_01.h5 s3://b/ATL06_20190221121851_08410203_005_01.h5", "x.h5 https://h/x.h5?y=1"}, ids)
	require.Equal(t, Meta{Source: "files", ShortName: "ATL06", StartDate: "2019-02-01", EndDate: "2019-03-01", TotalGranules: 2}, meta)

	stop := errors.New("enough")
	_, err = l.Granules(context.Background(), Query{}, func(*Entry) error { return stop })
	require.ErrorIs(t, err, stop)
	for text, want := range map[string]string{"/a/x.h5\n/b/x.h5": "count twice", "s3://b/dir/": "names no file", "PAR1\x00\x01": "line 1 is not text", strings.Repeat("x", maxLine+1): "reading the list"} {
		_, err := readList("list.txt", strings.NewReader(text))
		require.ErrorContains(t, err, want)
		require.NotEqual(t, core.Internal, core.CodeOf(err))
	}
}

func TestMetaOver(t *testing.T) {
	m, err := Meta{ShortName: "ATL06", Version: "006", TotalGranules: 5}.Over(Meta{Version: "007", TotalGranules: 2})
	require.NoError(t, err)
	require.Equal(t, Meta{ShortName: "ATL06", Version: "007", TotalGranules: 2}, m)
}
