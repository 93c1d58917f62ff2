package run

// Files that people give for granules, and what to tell them if they are something else.

import (
	"context"
	"os"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/filekind"
	"github.com/englacial/zagg/core/objstore"
)

// GranuleFault is the error of a file that is not a granule, with what to do about it; nil if it is one.
func GranuleFault(name string, f filekind.File) error {
	switch {
	case f.Truncated():
		return core.Errorf(core.Corrupt, "granule", name, "this is %s: download it again", f)
	case f.Kind == filekind.HDF5:
		return nil
	}
	way := ""
	switch f.Kind {
	case filekind.HTML:
		way = "; such a page is what a server sends to who is not logged in"
	case filekind.Gzip, filekind.Zip, filekind.Zstd, filekind.Bzip2, filekind.XZ, filekind.Tar:
		way = "; unpack it first"
	case filekind.NetCDF3, filekind.HDF4:
		way = "; convert it to netCDF-4"
	case filekind.JSON, filekind.Parquet:
		way = "; zagg catalog makes a shard map of a catalog, which zagg run --catalog takes"
	}
	return core.Errorf(core.Invalid, "granule", name, "this is %s: neither a granule (HDF5) nor a catalog (STAC items as JSON, stac-geoparquet)%s", f, way)
}

// LocalPath is the path of a file on this machine; false for other addresses.
func LocalPath(name string) (string, bool) {
	scheme := objstore.Scheme(name)
	return strings.TrimPrefix(name, "file://"), scheme == "" || scheme == "file"
}

// RecogniseFile recognises a regular file on this machine by its first bytes and its size.
func RecogniseFile(path string) (filekind.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return filekind.File{}, err
	}
	if !info.Mode().IsRegular() {
		return filekind.File{}, core.Errorf(core.Invalid, "granule", path, "is not a regular file")
	}
	data, err := (&objstore.File{}).ReadRanges(context.Background(), path, []core.Range{{Length: filekind.Head}})
	if err != nil {
		return filekind.File{}, err
	}
	return filekind.Recognise(data[0], info.Size()), nil
}
