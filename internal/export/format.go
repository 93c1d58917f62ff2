package export

import (
	"context"
	"io"
)

// A Format is a kind of file that a store is exported to.
type Format struct {
	Name, Ending string
	Write        func(*Store, context.Context, io.Writer, []string) error // of these variables; none: all
}

// Formats are the kinds of files there are.
func Formats() []Format {
	return []Format{
		{"parquet", ".parquet", (*Store).Parquet},
		{"geoparquet", ".geo.parquet", (*Store).GeoParquet},
		{"csv", ".csv", (*Store).CSV},
		{"cog", ".tif", (*Store).COG},
		{"netcdf", ".nc", (*Store).NetCDF},
	}
}
