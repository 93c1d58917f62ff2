package cli

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/shardmap"
)

// gridOfMap makes the grid of a map: that of a configuration, which must be the map's, or that of the map's signature.
func (a *app) gridOfMap(ctx context.Context, m *shardmap.Map, config string) (core.Grid, error) {
	settings, err := gridConfig(m)
	if err != nil {
		return nil, err
	}
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(settings, &head); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "%w", err)
	}
	if config != "" {
		cfg, _, err := loadConfig(config)
		if err != nil {
			return nil, err
		}
		head.Type, settings = cfg.Output.Grid.Type, cfg.Output.Grid.Config
	}
	if settings, err = m.GridSettings(settings); err != nil {
		return nil, err
	}
	grid, err := a.host.Grid(ctx, head.Type, core.Config(settings))
	if err != nil {
		return nil, err
	}
	return grid, m.CheckGrid(grid)
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
		return m.GridSignature, nil
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
