package cli

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/shardmap"
)

// gridOfMap makes the grid of a map: that of a configuration, which must be the map's, or that of the map's signature, which is one
// of a grid's configurations.
func (a *app) gridOfMap(ctx context.Context, m *shardmap.Map, config string) (core.Grid, error) {
	settings := m.GridSignature
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
	grid, err := a.host.Grid(ctx, head.Type, settings)
	if err != nil {
		return nil, err
	}
	restored, note, err := m.GridSettings(ctx, grid, settings)
	if err == nil && note != "" {
		grid, err = a.host.Grid(ctx, head.Type, restored)
	}
	if err != nil {
		return nil, err
	}
	return grid, m.CheckGrid(ctx, grid)
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
