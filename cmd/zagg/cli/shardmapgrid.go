package cli

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/shardmap"
)

// What maps of earlier releases mean, whose keys are signed decimals: cells of geodetic latitudes on the sphere.
const legacyLatitude = "geodetic-spherical"

// gridOfMap makes the grid of a map: that of a configuration, which must be the map's, or that of the map's signature.
func (a *app) gridOfMap(ctx context.Context, m *shardmap.Map, config string) (core.Grid, error) {
	text, err := gridConfig(m)
	if err != nil {
		return nil, err
	}
	if config != "" {
		cfg, _, err := loadConfig(config)
		if err != nil {
			return nil, err
		}
		if text, err = latitudeOf(m, cfg.Output.Grid.Config); err != nil {
			return nil, err
		}
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "%w", err)
	}
	grid, err := a.host.Grid(ctx, head.Type, text)
	if err != nil {
		return nil, err
	}
	signature, err := latitudeOf(m, m.GridSignature)
	if err != nil {
		return nil, err
	}
	if same, difference := shardmap.SameSignature(signature, grid.Info().Signature); !same {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "it was made for another grid than the configuration's: %s", difference)
	}
	return grid, nil
}

// latitudeOf adds to a grid's settings, or to a signature, the latitude that a map with keys of earlier releases implies,
// where they say none.
func latitudeOf(m *shardmap.Map, settings json.RawMessage) (json.RawMessage, error) {
	if len(m.LegacyKeys()) == 0 {
		return settings, nil
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(settings, &members); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid", "%w", err)
	}
	if v := members["latitude"]; len(v) > 0 && string(v) != "null" {
		return settings, nil
	}
	members["latitude"] = json.RawMessage(`"` + legacyLatitude + `"`)
	return json.Marshal(members)
}

// gridConfig is the settings of the grid that a map's signature describes.
func gridConfig(m *shardmap.Map) (json.RawMessage, error) {
	var s struct {
		Type       string     `json:"type"`
		CRS        string     `json:"crs"`
		Affine     [6]float64 `json:"affine"`
		Shape      [2]float64 `json:"shape"`
		ChunkShape [2]int64   `json:"chunk_shape"`
	}
	if err := json.Unmarshal(m.GridSignature, &s); err != nil || s.Type != "rectilinear" {
		return latitudeOf(m, m.GridSignature)
	}
	dx, dy, xmin, ymax := s.Affine[0], -s.Affine[4], s.Affine[2], s.Affine[5]
	return json.Marshal(map[string]any{
		"type": s.Type, "crs": s.CRS, "resolution": [2]float64{dx, dy}, "chunk_shape": s.ChunkShape,
		"bounds": [4]float64{xmin, ymax - dy*s.Shape[0], xmin + dx*s.Shape[1], ymax},
	})
}

// centreOf is a place in the middle of an outline.
func centreOf(outline *core.Region) core.LonLat {
	var points []sphere.Vec
	for _, p := range outline.Polygons {
		for _, v := range p[0] {
			points = append(points, sphere.FromLonLat(v.Lon, v.Lat))
		}
	}
	var at core.LonLat
	at.Lon, at.Lat = sphere.CapAround(points...).Center.LonLat()
	return at
}
