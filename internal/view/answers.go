package view

import (
	"context"
	"math"

	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/plot/coast"
)

// A Page is what the page is told first.
type Page struct {
	Title     string                `json:"title"`
	Group     string                `json:"group,omitempty"`
	Grid      string                `json:"grid,omitempty"`
	Windows   []string              `json:"windows,omitempty"` // of time, in order; what belongs to one is below at/LABEL/
	Window    string                `json:"window,omitempty"`  // that this is of
	Static    bool                  `json:"static"`            // there is no server: only files
	Variables []PageVariable        `json:"variables"`
	First     int                   `json:"first"` // of Variables, to begin with
	Planes    []PagePlane           `json:"planes"`
	Plane     string                `json:"plane"` // to begin with
	Colors    map[string][][3]uint8 `json:"colors"`
	ColorList []string              `json:"color_list"`
	TileSide  int                   `json:"tile_side"`
	WorldKM   float64               `json:"world_km"`
	MostZoom  int                   `json:"most_zoom"`
	CellKM    float64               `json:"cell_km"`
	State     State                 `json:"state"`
}

// A PageVariable is one that can be chosen.
type PageVariable struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	Units string `json:"units,omitempty"`
	Shard bool   `json:"shard"` // a value for each shard
}

// A PagePlane is a projection that can be chosen.
type PagePlane struct {
	Name   string     `json:"name"`
	Title  string     `json:"title"`
	Extent [4]float64 `json:"extent"` // of the shards: x0, y0, x1, y1, km
}

// A State is what changes while a run goes on.
type State struct {
	Version int    `json:"version"` // another one: there is more to be seen
	Done    int    `json:"done"`
	Empty   int    `json:"empty"`
	Partial int    `json:"partial"`
	Planned int    `json:"planned"` // that are not done
	Reading int    `json:"reading"` // records that are still being read
	Fault   string `json:"fault,omitempty"`
}

// State is how far the store is.
func (s *scene) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := State{Version: s.version, Reading: s.pending}
	if s.fault != nil {
		out.Fault = s.fault.Error()
	}
	for _, t := range s.shards {
		switch t.state {
		case "planned":
			out.Planned++
			continue
		case string(job.Empty):
			out.Empty++
		case string(job.Partial):
			out.Partial++
		}
		out.Done++
	}
	return out
}

// Page is what the page is told first.
func (s *scene) Page(ctx context.Context) (*Page, error) {
	p := &Page{Title: s.title, Windows: s.windows, Window: s.window, TileSide: tileSide, WorldKM: worldKM, MostZoom: mostZoom, Colors: map[string][][3]uint8{}, ColorList: plot.ColorNames(), First: s.first(), State: s.State()}
	if s.store != nil {
		p.Group, p.Grid = s.store.Name, s.store.Made.Grid
		s.shardsOf(ctx, s.levels[0])
		p.CellKM = s.levels[0].cellKM
	}
	for _, name := range p.ColorList {
		table, err := plot.ColorTable(name)
		if err != nil {
			return nil, err
		}
		p.Colors[name] = table
	}
	for _, v := range s.variables {
		p.Variables = append(p.Variables, PageVariable{Name: v.text, Title: v.title, Units: v.units, Shard: v.shard != nil})
	}
	shards := s.all()
	for _, name := range plot.PlaneNames() {
		plane := s.planes[name]
		p.Planes = append(p.Planes, PagePlane{Name: name, Title: plane.Title(), Extent: extentOf(plane, shards)})
	}
	p.Plane = planeFor(shards)
	return p, nil
}

// extentOf is the part of a plane in which shards lie; all of the plane where there is none.
func extentOf(plane plot.Plane, shards []*shard) [4]float64 {
	const most = 12000 // km: what lies farther from a pole is left to be looked for
	e := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, t := range shards {
		lon, lat := t.cap.Center.LonLat()
		x, y := plane.Forward(lon, lat)
		if r := t.cap.Radius * 6371; math.Abs(y) < most && (math.Abs(x) < most || plane.Wraps()) {
			e = [4]float64{min(e[0], x-r), min(e[1], y-r), max(e[2], x+r), max(e[3], y+r)}
		}
	}
	if e[0] > e[2] {
		return [4]float64{-worldKM / 2, -worldKM / 2, worldKM / 2, worldKM / 2}
	}
	return e
}

// planeFor is the plane that suits shards best.
func planeFor(shards []*shard) string {
	north, south := 0, 0
	for _, t := range shards {
		switch _, lat := t.cap.Center.LonLat(); {
		case lat >= 50:
			north++
		case lat <= -50:
			south++
		}
	}
	switch {
	case len(shards) > 0 && south == len(shards):
		return "south"
	case len(shards) > 0 && north == len(shards):
		return "north"
	}
	return "plate"
}

// A PageShard is a shard on the map.
type PageShard struct {
	Label   string         `json:"label"`
	State   string         `json:"state"`
	Middle  [2]float64     `json:"middle"`
	Outline [][][2]float64 `json:"outline"`
}

// Shards is all shards with their outlines.
func (s *scene) Shards() []PageShard {
	out := []PageShard{}
	for _, t := range s.all() {
		p := PageShard{Label: t.Label, State: t.state}
		p.Middle[0], p.Middle[1] = t.cap.Center.LonLat()
		for _, polygon := range t.Outline.Polygons {
			p.Outline = append(p.Outline, pairs(dense(polygon[0], t.Outline.Planar, 3)))
		}
		out = append(out, p)
	}
	return out
}

// coastLines is the coastlines: longitudes and latitudes by turns.
func coastLines() ([][]float64, error) {
	lines, err := coast.Lines()
	out := make([][]float64, len(lines))
	for i, line := range lines {
		for _, c := range line {
			out[i] = append(out[i], c.Lon, c.Lat)
		}
	}
	return out, err
}
