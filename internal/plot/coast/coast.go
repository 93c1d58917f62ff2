// Package coast holds the world's coastlines for maps: Natural Earth 4.1, land at 1:50 million, which is in the public domain
// (naturalearthdata.com), as redistributed by the npm package world-atlas 2.0.2 (ISC licence), rounded to 0.005° (half a
// kilometre). In Antarctica they are the borders of the land: ice shelves are left out.
//
// coast.bin is a raw DEFLATE stream (RFC 1951) of lines: for each a count of points, then for each point longitude and latitude
// in steps of 0.005°, as differences from the point before, the first from 0. Counts are varints and differences zigzag varints,
// as in encoding/binary. Borders that only close a polygon, along ±180° and at the south pole, are not in it.
package coast

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"io"

	"github.com/englacial/zagg/core"
)

//go:embed coast.bin
var packed []byte

// step is the unit of coordinates, in degrees.
const step = 0.005

// Lines are the coastlines in WGS84 degrees, longitudes in [-180, 180]. What is embedded is whole; an error is a build that is not.
func Lines() ([][]core.LonLat, error) {
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return nil, core.Errorf(core.Internal, "coast", "coast.bin", "%w", err)
	}
	r := bytes.NewReader(data)
	var lines [][]core.LonLat
	for r.Len() > 0 {
		n, err := binary.ReadUvarint(r)
		if err != nil || n > uint64(r.Len()) {
			return nil, core.Errorf(core.Internal, "coast", "coast.bin", "line %d is cut short", len(lines))
		}
		line := make([]core.LonLat, n)
		var x, y int64
		for i := range line {
			dx, errX := binary.ReadVarint(r)
			dy, errY := binary.ReadVarint(r)
			if errX != nil || errY != nil {
				return nil, core.Errorf(core.Internal, "coast", "coast.bin", "line %d is cut short", len(lines))
			}
			x, y = x+dx, y+dy
			line[i] = core.LonLat{Lon: float64(x) * step, Lat: float64(y) * step}
		}
		lines = append(lines, line)
	}
	return lines, nil
}
