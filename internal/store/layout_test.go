package store

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLayout(t *testing.T) {
	for _, address := range []string{"s3://bucket/x.zarr", "s3://bucket/x.zarr/", "/data/x.zarr", "https://h/x.zarr//"} {
		l, base := At(address), strings.TrimRight(address, "/")
		report := l.Report("7")
		for got, want := range map[string]string{
			l.Metadata(): "/zarr.json", l.Metadata("12", "h"): "/12/h/zarr.json", l.Below(): "/", l.Below("12"): "/12/",
			l.Object("12/h/c/0"): "/12/h/c/0", l.Object("12", "h", "c/0"): "/12/h/c/0",
			l.Marker(): ".status/setup.json", l.Record("-5111"): ".status/records/-5111.json", l.Probe("ab"): ".status/probe-ab",
			report: ".status/runs/7", l.Run("7").Note(): ".status/7/run.json", l.Run("7").Result("1"): ".status/7/1.json",
			l.Run("7").Granules("1"): ".status/7/granules/1.json",
		} {
			require.Equal(t, base+want, got)
		}
		for _, beside := range []string{l.Marker(), l.Record("1"), report, l.Run("7").Note(), l.Probe("1")} {
			require.True(t, strings.HasPrefix(beside, l.Status()))
			require.False(t, strings.HasPrefix(beside, l.Below()), "what is kept beside a store is not below it")
		}
		folder, ok := RunOf(l.Run("7").Note())
		require.True(t, ok)
		require.Equal(t, l.Run("7"), folder)
		require.True(t, IsRun(string(folder)))
		require.False(t, IsRun(address))
		_, ok = RunOf(l.Record("7"))
		require.False(t, ok)
	}
}
