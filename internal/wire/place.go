package wire

import (
	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// RegionToProto is a region.
func RegionToProto(r *core.Region) *zaggv1.Region {
	out := &zaggv1.Region{Margin: r.Margin, Planar: r.Planar, Oriented: r.Oriented, Straight: r.Straight}
	for _, p := range r.Polygons {
		poly := &zaggv1.Polygon{}
		for _, ring := range p {
			flat := make([]float64, 0, 2*len(ring))
			for _, v := range ring {
				flat = append(flat, v.Lon, v.Lat)
			}
			poly.Rings = append(poly.Rings, core.Raw(flat))
		}
		out.Polygons = append(out.Polygons, poly)
	}
	return out
}

// RegionFromProto is the inverse of RegionToProto.
func RegionFromProto(r *zaggv1.Region) (core.Region, error) {
	out := core.Region{Margin: r.GetMargin(), Planar: r.GetPlanar(), Oriented: r.GetOriented(), Straight: r.GetStraight()}
	for _, p := range r.GetPolygons() {
		var poly core.Polygon
		for _, ring := range p.GetRings() {
			flat, ok := Floats(ring)
			if !ok || len(flat)%2 != 0 {
				return out, broken("a ring has %d bytes, which are not vertices", len(ring))
			}
			vertices := make([]core.LonLat, len(flat)/2)
			for i := range vertices {
				vertices[i] = core.LonLat{Lon: flat[2*i], Lat: flat[2*i+1]}
			}
			poly = append(poly, vertices)
		}
		out.Polygons = append(out.Polygons, poly)
	}
	return out, nil
}

// RegionBytes is about what a region takes in a message.
func RegionBytes(r *core.Region) int {
	n := 32 + len(r.Straight)
	for _, p := range r.Polygons {
		for _, ring := range p {
			n += 16*len(ring) + 8
		}
	}
	return n
}

// ShardToProto is a shard.
func ShardToProto(s *core.Shard) *zaggv1.Shard {
	return &zaggv1.Shard{
		Key: string(s.Key), Label: s.Label, Path: s.Path, Block: core.Raw(s.Block), Outline: RegionToProto(&s.Outline), AreaKm2: s.AreaKM2,
	}
}

// ShardFromProto is the inverse of ShardToProto.
func ShardFromProto(s *zaggv1.Shard) (core.Shard, error) {
	out := core.Shard{Key: core.ShardKey(s.GetKey()), Label: s.GetLabel(), Path: s.GetPath(), AreaKM2: s.GetAreaKm2()}
	if len(s.GetBlock())%8 != 0 {
		return out, broken("the block of shard %s has %d bytes", out.Key, len(s.GetBlock()))
	}
	out.Block = append(out.Block, core.View[int64](append(core.NewData(len(s.GetBlock()))[:0], s.GetBlock()...))...)
	var err error
	out.Outline, err = RegionFromProto(s.GetOutline())
	return out, err
}
