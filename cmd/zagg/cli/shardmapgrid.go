package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/shardmap"
)

// The latitudes of HEALPix cells. Maps of earlier releases, whose keys are signed decimals, are of legacyLatitude unless
// they or the configuration say otherwise; signatures leave defaultLatitude out.
const (
	legacyLatitude  = "geodetic-spherical"
	defaultLatitude = "authalic-wgs84"
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
	if settings, err = withLatitude(m, settings); err != nil {
		return nil, err
	}
	grid, err := a.host.Grid(ctx, head.Type, core.Config(settings))
	if err != nil {
		return nil, err
	}
	return grid, checkSignature(m, grid)
}

// checkSignature compares a map's signature with a grid's: the latitude that the map leaves open is the grid's.
func checkSignature(m *shardmap.Map, grid core.Grid) error {
	own, err := members(m.GridSignature)
	if err != nil {
		return err
	}
	signature := grid.Info().Signature
	others, err := members(signature)
	if err != nil {
		return err
	}
	switch latitude, ok := own["latitude"]; {
	case ok && string(latitude) == `"`+defaultLatitude+`"`:
		delete(own, "latitude")
	case !ok && len(m.LegacyKeys()) > 0 && others["latitude"] != nil:
		own["latitude"] = others["latitude"]
	}
	text, err := json.Marshal(own)
	if err != nil {
		return err
	}
	if same, difference := shardmap.SameSignature(text, signature); !same {
		return core.Errorf(core.Invalid, "shard map", "grid_signature", "it was made for another grid than the configuration's: %s", difference)
	}
	return nil
}

func members(object json.RawMessage) (map[string]json.RawMessage, error) {
	m := map[string]json.RawMessage{}
	if err := json.Unmarshal(object, &m); err != nil {
		return nil, core.Errorf(core.Invalid, "shard map", "grid_signature", "%w", err)
	}
	return m, nil
}

// withLatitude adds to a grid's settings the latitude that keys of earlier releases imply, where neither they nor the
// map's signature say one.
func withLatitude(m *shardmap.Map, settings json.RawMessage) (json.RawMessage, error) {
	if len(m.LegacyKeys()) == 0 {
		return settings, nil
	}
	own, err := members(m.GridSignature)
	if err != nil {
		return nil, err
	}
	given, err := members(settings)
	if err != nil {
		return nil, err
	}
	if given["latitude"] != nil || own["latitude"] != nil {
		return settings, nil
	}
	given["latitude"] = json.RawMessage(`"` + legacyLatitude + `"`)
	return json.Marshal(given)
}

// adoptMap reads the run's shard map, if it has one. A map of an earlier release changes the grid.
func (r *runner) adoptMap(ctx context.Context) error {
	name := cmp.Or(r.o.catalog, r.config.Catalog)
	if name == "" || len(r.o.granules) > 0 {
		return nil
	}
	m, err := readMap(ctx, name)
	if err != nil {
		return err
	}
	r.shardMap = m
	grid := &r.config.Output.Grid
	settings, err := withLatitude(m, grid.Config)
	if err != nil || bytes.Equal(settings, grid.Config) {
		return err
	}
	r.say("      %s has keys of earlier releases: cells are of geodetic latitudes (%s)", name, legacyLatitude)
	grid.Config = settings
	r.recipe, err = r.app.compile(ctx, r.config)
	return err
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
