package export

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// NetCDF writes a file of netCDF, in its classic format with 64-bit sizes, by the CF conventions: a record for each cell, with the
// centre, the corners where the grid knows them, the coordinates of cells, and the variables; those with several values per cell keep
// their dimensions. Where the store has windows of time, a cell has a record for each window in which it holds something, with the start
// and the end of the window. The store is read twice: the file says first how many cells it has.
func (s *Store) NetCDF(ctx context.Context, w io.Writer, variables []string) error {
	src, err := s.open(ctx, variables)
	if err != nil {
		return err
	}
	_, outlines := s.Grid.(core.Outliner)
	n := &netCDF{source: src}
	if err := src.each(ctx, outlines, n.measure); err != nil {
		return err
	}
	if err := n.layOut(ctx); err != nil {
		return err
	}
	if _, err := w.Write(n.file.header()); err != nil {
		return err
	}
	return src.each(ctx, outlines, func(c *cells) error { return n.write(w, c) })
}

// A netCDF is a file under way.
type netCDF struct {
	*source
	file    cdfFile
	cells   int64
	corners int // of a cell, the most; 0: not known
}

// measure counts cells and their corners.
func (n *netCDF) measure(c *cells) error {
	n.cells += int64(len(c.Lon))
	for _, ring := range c.Outlines {
		n.corners = max(n.corners, len(ring))
	}
	return nil
}

const (
	cellDim = "cell"
	mapping = "wgs84" // the variable that says what latitudes are
)

// layOut says what the file has, in the order in which write writes it.
func (n *netCDF) layOut(ctx context.Context) error {
	f := &n.file
	f.records, f.dims = n.cells, []cdfDim{{cellDim, 0}}
	var err error
	if f.attrs, err = cdfAttrs(n.Group.Attrs, "Conventions"); err != nil {
		return err
	}
	f.attrs = append([]cdfAttr{textAttr("Conventions", "CF-1.11")}, f.attrs...)
	f.variables = []cdfVar{{name: mapping, typ: cdfInt, data: make([]byte, 4), attrs: []cdfAttr{textAttr("grid_mapping_name", "latitude_longitude"),
		doubleAttr("semi_major_axis", 6378137), doubleAttr("inverse_flattening", 298.257223563), doubleAttr("longitude_of_prime_meridian", 0)}}}
	n.place("lon", "longitude", "degrees_east")
	n.place("lat", "latitude", "degrees_north")
	n.times()
	if n.corners > 0 {
		f.dims = append(f.dims, cdfDim{"corner", int64(n.corners)})
		f.variables = append(f.variables, cdfVar{name: "lon_bounds", typ: cdfDouble, dims: []int{0, len(f.dims) - 1}}, cdfVar{name: "lat_bounds", typ: cdfDouble, dims: []int{0, len(f.dims) - 1}})
	}
	for _, c := range n.frame.Coords {
		attrs, err := cdfAttrs(c.Attrs, "_FillValue")
		if err != nil {
			return err
		}
		f.variables = append(f.variables, cdfVar{name: c.Name, typ: cdfType(c.Type), dims: []int{0}, attrs: attrs})
	}
	for _, a := range n.arrays {
		if err := n.variable(ctx, a); err != nil {
			return err
		}
	}
	return n.check()
}

func (n *netCDF) place(name, standard, units string) {
	v := cdfVar{name: name, typ: cdfDouble, dims: []int{0}, attrs: []cdfAttr{textAttr("standard_name", standard), textAttr("units", units)}}
	if n.corners > 0 {
		v.attrs = append(v.attrs, textAttr("bounds", name+"_bounds"))
	}
	n.file.variables = append(n.file.variables, v)
}

// times lays out the windows of time, if the store has any.
func (n *netCDF) times() {
	if len(n.Windows) == 0 {
		return
	}
	f := &n.file
	f.dims = append(f.dims, cdfDim{"bounds", 2})
	f.variables = append(f.variables,
		cdfVar{name: timeName, typ: cdfInt64, dims: []int{0}, attrs: []cdfAttr{textAttr("standard_name", "time"), textAttr("units", "seconds since 1970-01-01 00:00:00"),
			textAttr("calendar", "standard"), textAttr("bounds", timeName+"_bounds")}},
		cdfVar{name: timeName + "_bounds", typ: cdfInt64, dims: []int{0, len(f.dims) - 1}})
}

// variable lays out one of the store's, with its dimensions beyond the cell and, where the store has them, their coordinates.
func (n *netCDF) variable(ctx context.Context, a *zarr.Dataset) error {
	attrs, err := cdfAttrs(a.Attrs, "_FillValue", "coordinates", "grid_mapping", "missing_value", "nodata")
	if err != nil {
		return err
	}
	typ := cdfType(a.Type)
	if a.Type.IsFloat() {
		attrs = append([]cdfAttr{{"_FillValue", typ, 1, bigEndian(nil, a.Fill)}}, attrs...)
	}
	v := cdfVar{name: a.Name, typ: typ, dims: []int{0}, attrs: append(attrs, textAttr("coordinates", strings.Join(n.coordinates(), " ")), textAttr("grid_mapping", mapping))}
	own := len(n.frame.Dims)
	for i, size := range a.Shape[own:] {
		at, err := n.dim(ctx, a.Dims[own+i], size)
		if err != nil {
			return err
		}
		v.dims = append(v.dims, at)
	}
	n.file.variables = append(n.file.variables, v)
	return nil
}

// coordinates are the variables that say where and when a cell is.
func (n *netCDF) coordinates() []string {
	names := n.places()
	slices.Reverse(names) // from the slowest to the fastest, as CF orders dimensions
	return names
}

// dim is a dimension by its name, or, where that has another size already, by its name and size.
func (n *netCDF) dim(ctx context.Context, name string, size int64) (int, error) {
	if name == "" {
		name = "component"
	}
	f := &n.file
	if i := slices.IndexFunc(f.dims, func(d cdfDim) bool { return d.name == name }); i >= 0 && f.dims[i].size != size {
		name = fmt.Sprintf("%s_%d", name, size)
	}
	if i := slices.IndexFunc(f.dims, func(d cdfDim) bool { return d.name == name }); i >= 0 {
		return i, nil
	}
	f.dims = append(f.dims, cdfDim{name, size})
	at := len(f.dims) - 1
	c, err := n.group(0).Array(ctx, name)
	if err != nil || len(c.Shape) != 1 || c.Shape[0] != size || len(c.Dims) != 1 || c.Dims[0] != name || c.Type == core.Bytes {
		return at, nil // it has no coordinate
	}
	values, err := c.Read(ctx, []int64{0}, []int64{size})
	if err != nil {
		return 0, err
	}
	attrs, err := cdfAttrs(c.Attrs, "_FillValue", "bounds")
	if err != nil {
		return 0, err
	}
	v := cdfVar{name: name, typ: cdfType(c.Type), dims: []int{at}, attrs: attrs}
	for i := 0; i < len(values.Data); i += c.Type.Size() {
		v.data = bigEndian(v.data, values.Data[i:i+c.Type.Size()])
	}
	f.variables = append(f.variables, v)
	return at, nil
}

// check refuses names that netCDF does not take, and two of one.
func (n *netCDF) check() error {
	seen := map[string]bool{}
	for _, v := range n.file.variables {
		if !cdfName(v.name) {
			return core.Errorf(core.Unsupported, op, v.name, "netCDF takes no such name for a variable: choose others with --variables")
		}
		if seen[v.name] {
			return core.Errorf(core.Invalid, op, v.name, "two variables of the file have this name: choose others with --variables")
		}
		seen[v.name] = true
	}
	return nil
}

// write writes the records of some cells.
func (n *netCDF) write(w io.Writer, c *cells) error {
	var b []byte
	width := []int{} // components of each variable
	for range n.frame.Coords {
		width = append(width, 1)
	}
	for _, a := range n.arrays {
		width = append(width, n.width(a))
	}
	for i := range c.Lon {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(c.Lon[i]))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(c.Lat[i]))
		if c.Window != nil {
			for _, t := range []time.Time{c.Window.Start, c.Window.Start, c.Window.End} {
				b = binary.BigEndian.AppendUint64(b, uint64(t.Unix())) //nolint:gosec // seconds before 1970 are negative
			}
		}
		if n.corners > 0 {
			b = n.bounds(b, c.Lon[i], c.Outlines[i])
		}
		k := 0
		for _, components := range width {
			from := len(b)
			for range components {
				size := c.Columns[k].Type.Size()
				b = bigEndian(b, c.Columns[k].Data[i*size:(i+1)*size])
				k++
			}
			b = append(b, make([]byte, padded(int64(len(b)-from))-int64(len(b)-from))...)
		}
		if len(b) > 1<<20 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	_, err := w.Write(b)
	return err
}

// bounds appends the corners of a cell, the last one again where it has fewer than others; their longitudes are those nearest to the
// centre's, also beyond 180°.
func (n *netCDF) bounds(b []byte, lon float64, ring []core.LonLat) []byte {
	corner := func(k int) core.LonLat {
		if len(ring) == 0 {
			return core.LonLat{Lon: math.NaN(), Lat: math.NaN()}
		}
		return ring[min(k, len(ring)-1)]
	}
	for k := range n.corners {
		x := corner(k).Lon
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(x-360*math.Round((x-lon)/360)))
	}
	for k := range n.corners {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(corner(k).Lat))
	}
	return b
}
