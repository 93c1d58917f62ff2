package geometry

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/englacial/zagg/core"
)

// Kinds of geometry, as WKB numbers them.
const (
	kindPoint = iota + 1
	kindLine
	kindPolygon
	kindMultiPoint
	kindMultiLine
	kindMultiPolygon
	kindCollection
)

// ParseWKB reads well-known binary: either byte order, with or without heights and measures, and PostGIS's form with a
// reference system. An empty geometry is no shapes.
func ParseWKB(data []byte) ([]Shape, error) {
	r := &wkbReader{data: data}
	shapes, err := r.geometry(0)
	if err != nil {
		return nil, core.Wrapf(err, "", "", "WKB, byte %d: %w", r.at, err)
	}
	if r.at != len(data) {
		return nil, bad("WKB: %d bytes follow the geometry", len(data)-r.at)
	}
	return shapes, nil
}

// A wkbReader reads one geometry after another from data. Every geometry, also within a collection, has its own byte order and
// number of coordinates.
type wkbReader struct {
	data  []byte
	at    int // byte, for errors
	order binary.ByteOrder
	width int // numbers per vertex
}

// take returns the next n bytes, an error if there are fewer.
func (r *wkbReader) take(n int) ([]byte, error) {
	if n > len(r.data)-r.at {
		return nil, bad("%d bytes wanted, %d left", n, len(r.data)-r.at)
	}
	r.at += n
	return r.data[r.at-n : r.at], nil
}

func (r *wkbReader) uint32() (uint32, error) {
	b, err := r.take(4)
	if err != nil {
		return 0, err
	}
	return r.order.Uint32(b), nil
}

// count reads a number of items of at least size bytes each. It is checked against the bytes left before memory is allocated for it.
func (r *wkbReader) count(size int) (int, error) {
	n, err := r.uint32()
	if err == nil && int64(n)*int64(size) > int64(len(r.data)-r.at) {
		err = bad("%d items of %d bytes wanted, %d bytes left", n, size, len(r.data)-r.at)
	}
	return int(n), err
}

// header is a geometry's kind; it sets byte order and width.
func (r *wkbReader) header() (kind uint32, err error) {
	b, err := r.take(1)
	if err != nil {
		return 0, err
	}
	switch b[0] {
	case 0:
		r.order = binary.BigEndian
	case 1:
		r.order = binary.LittleEndian
	default:
		return 0, bad("byte order %d is neither 0 nor 1", b[0])
	}
	if kind, err = r.uint32(); err != nil {
		return 0, err
	}
	const hasZ, hasM, hasSRID = 1 << 31, 1 << 30, 1 << 29 // PostGIS: flags in the high bits
	r.width = 2
	for _, flag := range []uint32{hasZ, hasM} {
		if kind&flag != 0 {
			r.width++
		}
	}
	if kind&hasSRID != 0 {
		srid, err := r.uint32()
		if err != nil {
			return 0, err
		}
		if srid != 4326 && srid != 0 {
			return 0, unsupported("the reference system EPSG:%d is not longitude and latitude in WGS84", srid)
		}
	}
	kind &^= hasZ | hasM | hasSRID
	if d := kind / 1000; d <= 3 { // ISO: thousands say which of Z and M there are
		r.width += []int{0, 1, 1, 2}[d]
		kind %= 1000
	}
	return kind, nil
}

// geometry reads one geometry. depth bounds the nesting of collections, which untrusted input controls.
func (r *wkbReader) geometry(depth int) ([]Shape, error) {
	if depth > maxDepth {
		return nil, bad("collections are nested more than %d deep", maxDepth)
	}
	kind, err := r.header()
	if err != nil {
		return nil, err
	}
	switch kind {
	case kindPoint:
		return r.point()
	case kindLine:
		points, err := r.vertices()
		if err != nil || len(points) == 0 {
			return nil, err
		}
		return LineShape(points)
	case kindPolygon:
		return r.polygon()
	case kindMultiPoint, kindMultiLine, kindMultiPolygon, kindCollection:
		const least = 9 // byte order, kind, count
		n, err := r.count(least)
		if err != nil {
			return nil, err
		}
		var out []Shape
		for i := range n {
			p, err := r.geometry(depth + 1)
			if err != nil {
				return nil, err
			}
			if n > 1 {
				p = within("part "+strconv.Itoa(i), p)
			}
			out = append(out, p...)
		}
		return out, nil
	}
	return nil, unsupported("geometry of kind %d; have points, lines, polygons and collections of them", kind)
}

func (r *wkbReader) point() ([]Shape, error) {
	b, err := r.take(8 * r.width)
	if err != nil {
		return nil, err
	}
	lon, lat := r.float(b), r.float(b[8:])
	if math.IsNaN(lon) && math.IsNaN(lat) {
		return nil, nil // POINT EMPTY
	}
	v, err := Vertex(lon, lat)
	if err != nil {
		return nil, err
	}
	return pointShapes([]core.LonLat{v}), nil
}

func (r *wkbReader) float(b []byte) float64 { return math.Float64frombits(r.order.Uint64(b)) }

func (r *wkbReader) vertices() ([]core.LonLat, error) {
	size := 8 * r.width
	n, err := r.count(size)
	if err != nil {
		return nil, err
	}
	out := make([]core.LonLat, n)
	for i := range out {
		b, err := r.take(size)
		if err != nil {
			return nil, err
		}
		if out[i], err = Vertex(r.float(b), r.float(b[8:])); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *wkbReader) polygon() ([]Shape, error) {
	n, err := r.count(4)
	if err != nil || n == 0 {
		return nil, err
	}
	rings := make([][]core.LonLat, n)
	for i := range rings {
		if rings[i], err = r.vertices(); err != nil {
			return nil, err
		}
	}
	return PolygonShape(rings)
}

// AppendWKB appends the polygons as little-endian well-known binary: a single polygon, line or point, a collection of
// one kind, or a mixed one.
func AppendWKB(dst []byte, polygons []core.Polygon) []byte {
	if len(polygons) == 1 {
		return appendPart(dst, polygons[0])
	}
	dst = appendHead(dst, wkbKind(polygons))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(polygons)))
	for _, p := range polygons {
		dst = appendPart(dst, p)
	}
	return dst
}

func partKind(p core.Polygon) uint32 {
	switch len(p[0]) {
	case 1:
		return kindPoint
	case 2:
		return kindLine
	}
	return kindPolygon
}

func appendHead(dst []byte, kind uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, 1), kind)
}

func appendPart(dst []byte, p core.Polygon) []byte {
	kind := partKind(p)
	dst = appendHead(dst, kind)
	switch kind {
	case kindPoint:
		return appendVertices(dst, p[0])
	case kindLine:
		dst = binary.LittleEndian.AppendUint32(dst, 2)
		return appendVertices(dst, p[0])
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(p)))
	for _, r := range p {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r)+1))
		dst = appendVertices(dst, r)
		dst = appendVertices(dst, r[:1])
	}
	return dst
}

func appendVertices(dst []byte, points []core.LonLat) []byte {
	for _, v := range points {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Lon))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v.Lat))
	}
	return dst
}

// Kind is what GeoParquet and GeoJSON call the polygons as AppendWKB writes them.
func Kind(polygons []core.Polygon) string {
	names := [...]string{"", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"}
	return names[wkbKind(polygons)]
}

func wkbKind(polygons []core.Polygon) uint32 {
	if len(polygons) == 0 {
		return kindCollection
	}
	kind := partKind(polygons[0])
	for _, p := range polygons[1:] {
		if partKind(p) != kind {
			return kindCollection
		}
	}
	if len(polygons) > 1 {
		kind += kindMultiPoint - kindPoint
	}
	return kind
}
