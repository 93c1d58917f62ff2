package mapview

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/shardmap"
)

// Grid makes the grid of a map: that of a configuration, which must be the map's, or where file is "" that of the map's signature, which
// is one of a grid's configurations. make makes grids by name.
func Grid(ctx context.Context, m *shardmap.Map, file string, make func(ctx context.Context, name string, config core.Config) (core.Grid, error)) (core.Grid, error) {
	settings := m.GridSignature
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(settings, &head); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "%w", err)
	}
	if file != "" {
		cfg, _, err := config.Open(file)
		if err != nil {
			return nil, err
		}
		head.Type, settings = cfg.Output.Grid.Type, cfg.Output.Grid.Config
	}
	grid, err := make(ctx, head.Type, settings)
	if err != nil {
		return nil, err
	}
	restored, note, err := m.GridSettings(ctx, grid, settings)
	if err == nil && note != "" {
		grid, err = make(ctx, head.Type, restored)
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
