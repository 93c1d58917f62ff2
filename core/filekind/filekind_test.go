package filekind_test

import (
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/filekind"
)

func TestRecognise(t *testing.T) {
	user := append(make([]byte, 512), "\x89HDF\r\n\x1a\n"...)
	for _, c := range []struct {
		head string
		want filekind.Kind
	}{
		{"", filekind.Empty}, {"\x89HDF\r\n\x1a\n", filekind.HDF5}, {string(user), filekind.HDF5}, {"PAR1", filekind.Parquet},
		{"CDF\x01\x00", filekind.NetCDF3}, {"CDF\x02", filekind.NetCDF3}, {"CDF\x05", filekind.NetCDF3}, {"\x0e\x03\x13\x01", filekind.HDF4},
		{"\x1f\x8b\x08", filekind.Gzip}, {"PK\x03\x04", filekind.Zip}, {"\x00\x05\x16\x07\x00\x02", filekind.AppleDouble},
		{" \n<!DOCTYPE html><html>", filekind.HTML}, {"<HTML>", filekind.HTML}, {"<?xml version='1.0'?><html xmlns=''>", filekind.HTML},
		{"<?xml version='1.0'?><Error/>", filekind.XML}, {"\ufeff {\"type\"", filekind.JSON}, {"[{", filekind.JSON}, {"\x1e{\"a\"", filekind.JSON},
		{"s3://b/a.h5\n", filekind.Text}, {"häl\xc3", filekind.Text}, {"\xff\xfe\x00\x01", filekind.Unknown}, {"{\x00", filekind.Unknown},
		{"version https://git-lfs.github.com/spec/v1\n", filekind.LFS},
	} {
		require.Equal(t, c.want, filekind.Recognise([]byte(c.head), -1).Kind, "%q", c.head)
	}
}

// A truncated file is told by its header, in every version of the superblock.
func TestTruncated(t *testing.T) {
	for version := range byte(4) {
		head := append([]byte("\x89HDF\r\n\x1a\n"), version)
		head = append(head, make([]byte, 100)...)
		at := 12
		if version < 2 {
			head[13], head[14], at = 8, 8, 24+4*int(version)
		} else {
			head[9], head[10] = 8, 8
		}
		binary.LittleEndian.PutUint64(head[at+16:], 2_868_487)
		f := filekind.Recognise(head, 1_000_000)
		require.True(t, f.Truncated())
		require.Equal(t, "a truncated HDF5 file: it has 1,000,000 bytes, the header says 2,868,487", f.String())
		require.False(t, filekind.Recognise(head, 2_868_487).Truncated())
		require.False(t, filekind.Recognise(head, -1).Truncated())
	}
	b, err := os.ReadFile("../h5/testdata/kinds_latest.h5")
	require.NoError(t, err)
	f := filekind.Recognise(b, int64(len(b)))
	require.Equal(t, int64(len(b)), f.Want)
	require.False(t, f.Truncated())
}

func FuzzRecognise(f *testing.F) {
	f.Add([]byte("\x89HDF\r\n\x1a\n\x00"), int64(5))
	f.Fuzz(func(t *testing.T, head []byte, size int64) {
		require.NotEmpty(t, filekind.Recognise(head, size).String())
	})
}
