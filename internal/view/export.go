package view

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/store"
)

// Export is what is written as files.
type Export struct {
	Dir       string // new or empty
	Plane     string // "": what suits the shards
	MostTiles int    // of a variable
	Progress  func(done, of int)
}

// Written is what was.
type Written struct {
	Tiles int
	Bytes int64
}

// Planes are the projections of Export.
func Planes() []string { return plot.PlaneNames() }

// Export writes the page with all it asks for: tiles down to where a cell has two pixels, and the values of all cells, of every window of time.
// The variables are those that the series was told, and where it was told none all of them.
func (s *Series) Export(ctx context.Context, e Export) (*Written, error) {
	x := &exporting{Export: e, written: &Written{}}
	scenes, err := s.chosen(ctx)
	if err != nil {
		return nil, err
	}
	if err := newFolder(e.Dir); err != nil {
		return nil, err
	}
	var shards []*shard
	for _, scene := range scenes {
		if err := scene.Look(ctx); err != nil {
			return nil, err
		}
		scene.o.Patience = math.MaxInt64 // no file is written of half of the shards
		shards = append(shards, scene.all()...)
	}
	if x.Plane == "" {
		x.Plane = planeFor(shards)
	}
	if _, ok := scenes[0].planes[x.Plane]; !ok {
		return nil, core.Errorf(core.Invalid, "--projection", e.Plane, "no such projection")
	}
	if err := x.files(); err != nil {
		return nil, err
	}
	for i, scene := range scenes {
		x.scene, x.first = scene, i == len(scenes)-1
		if err := x.run(ctx); err != nil {
			return nil, err
		}
	}
	return x.written, nil
}

// chosen is what is exported: all windows, or the one that was asked for.
func (s *Series) chosen(ctx context.Context) ([]*scene, error) {
	first, err := s.scene("")
	if err != nil {
		return nil, err
	}
	if first.store == nil {
		return nil, core.Errorf(core.Unsupported, "--export", first.title, "a shard map is not exported: give a store")
	}
	if len(s.windows) == 0 || s.asked {
		if s.asked {
			first.windows = []string{first.window}
		}
		return []*scene{first}, nil
	}
	var scenes []*scene
	for _, w := range s.windows {
		scene, err := s.scene(w)
		if err != nil {
			return nil, err
		}
		if err := scene.Look(ctx); err != nil {
			return nil, err
		}
		if len(scene.all()) > 0 {
			scenes = append(scenes, scene)
		}
	}
	if len(scenes) == 0 {
		return []*scene{first}, nil
	}
	var labels []string
	for _, scene := range scenes {
		labels = append(labels, scene.window)
	}
	for _, scene := range scenes {
		scene.windows = labels
	}
	return scenes, nil
}

// newFolder makes a folder, or takes one that is empty.
func newFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return core.Errorf(core.Invalid, "--export", dir, "%w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return core.Errorf(core.Invalid, "--export", dir, "%w", err)
	}
	if len(entries) > 0 {
		return core.Errorf(core.Invalid, "--export", dir, "the folder is not empty: name a new one")
	}
	return nil
}

// An exporting is an Export under way.
type exporting struct {
	Export
	scene     *scene
	first     bool // the page begins with it
	written   *Written
	variables []int // of the scene
	zoom      int   // the deepest
	total     int   // tiles that are looked at
	looked    int
}

// A staticPage is the first answer of a site without a server.
type staticPage struct {
	*Page
	Zoom map[string]int `json:"static_zoom"` // by projection
}

func (x *exporting) run(ctx context.Context) error {
	x.variables, x.looked = nil, 0
	for i := range x.scene.variables {
		if n := len(x.scene.o.Variables); n == 0 || i < n || x.scene.variables[i].shard != nil {
			x.variables = append(x.variables, i)
		}
	}
	l := x.scene.levels[0]
	x.scene.shardsOf(ctx, l)
	x.zoom = min(mostZoom, max(0, int(math.Ceil(math.Log2(2*2*worldKM/(tileSide*max(l.cellKM, 1e-5)))))))
	tiles, err := x.count()
	if err != nil {
		return err
	}
	x.total = tiles * len(x.variables)
	if err := x.page(ctx); err != nil {
		return err
	}
	for k, v := range x.variables {
		if err := x.tiles(ctx, k, v); err != nil {
			return err
		}
	}
	return x.cells(ctx)
}

// count is how many tiles there are, which must not be too many.
func (x *exporting) count() (int, error) {
	n := 0
	err := x.each(func(address) error {
		if n++; n > x.MostTiles {
			return core.Errorf(core.Unsupported, "--export", x.Dir, "more than %d tiles down to zoom %d: raise --most-tiles, or export a store of coarser cells", x.MostTiles, x.zoom)
		}
		return nil
	})
	return n, err
}

// each visits the tiles that shards touch, from zoom 0 down.
func (x *exporting) each(visit func(address) error) error {
	return x.below(address{Plane: x.Plane}, x.scene.all(), visit)
}

func (x *exporting) below(a address, shards []*shard, visit func(address) error) error {
	if shards = touching(shards, a.cap(x.scene.planes[x.Plane])); len(shards) == 0 {
		return nil
	}
	if err := visit(a); err != nil || a.Z == x.zoom {
		return err
	}
	for i := range 4 {
		if err := x.below(address{a.Plane, a.Z + 1, 2*a.X + i%2, 2*a.Y + i/2}, shards, visit); err != nil {
			return err
		}
	}
	return nil
}

// files writes what is the same for all scenes.
func (x *exporting) files() error {
	err := fs.WalkDir(files, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		return x.write(data, d.Name())
	})
	if err != nil {
		return err
	}
	lines, err := coastLines()
	if err != nil {
		return err
	}
	return x.writeJSON(lines, "coast.json")
}

// page writes what is the same for all variables.
func (x *exporting) page(ctx context.Context) error {
	p, err := x.scene.Page(ctx)
	if err != nil {
		return err
	}
	p.Static, p.Plane = true, x.Plane
	all := p.Variables
	p.Variables = nil
	p.First = max(0, slices.Index(x.variables, p.First))
	for _, v := range x.variables {
		p.Variables = append(p.Variables, all[v])
	}
	p.Planes = slices.DeleteFunc(p.Planes, func(q PagePlane) bool { return q.Name != x.Plane })
	own := staticPage{p, map[string]int{x.Plane: x.zoom}}
	if x.first && x.folder() != "" {
		if err := x.writeJSON(own, "view.json"); err != nil {
			return err
		}
	}
	if err := x.writeJSON(own, x.folder(), "view.json"); err != nil {
		return err
	}
	return x.writeJSON(x.scene.Shards(), x.folder(), "shards.json")
}

// tiles writes those of a variable that are not empty, and which these are.
func (x *exporting) tiles(ctx context.Context, k, variable int) error {
	names := []string{}
	err := x.each(func(a address) error {
		t, err := x.scene.tile(ctx, variable, a)
		if err != nil {
			return err
		}
		if t.Failed != nil {
			return t.Failed
		}
		if x.looked++; x.Progress != nil && (x.looked%100 == 0 || x.looked == x.total) {
			x.Progress(x.looked, x.total)
		}
		if t.TooMany > 0 {
			return core.Errorf(core.Unsupported, "--export", x.Dir, "tile %d/%d/%d would be of %d cells, which are too many for one: add coarser groups with zagg coarsen", a.Z, a.X, a.Y, t.TooMany)
		}
		if t.Values == nil {
			return nil
		}
		key := fmt.Sprintf("%s/%d/%d/%d", a.Plane, a.Z, a.X, a.Y)
		names = append(names, key)
		x.written.Tiles++
		return x.write(t.Encode(), x.folder(), "tiles", strconv.Itoa(k), filepath.FromSlash(key)+".bin")
	})
	if err != nil {
		return err
	}
	return x.writeJSON(names, x.folder(), "tiles", strconv.Itoa(k), "index.json")
}

// A cellFile is what a site has of a shard's cells.
type cellFile struct {
	Lon       []float64      `json:"lon"`
	Lat       []float64      `json:"lat"`
	Outlines  [][][2]float64 `json:"outlines"`
	Variables []cellValues   `json:"variables"`
	Record    *RecordSummary `json:"record"`
}

type cellValues struct {
	Name   string     `json:"name"`
	Units  string     `json:"units,omitempty"`
	Values []*float64 `json:"values"` // nil: none
}

// cells writes the values of all cells, shard by shard.
func (x *exporting) cells(ctx context.Context) error {
	l := x.scene.levels[0]
	shards, _ := x.scene.shardsOf(ctx, l)
	for _, t := range shards {
		f, err := x.cellsOf(ctx, l, t)
		if err != nil {
			return err
		}
		if err := x.writeJSON(f, x.folder(), "cells", t.Label+".json"); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporting) cellsOf(ctx context.Context, l *level, t *shard) (*cellFile, error) {
	r, err := store.LoadRecord(ctx, x.scene.store.Objects, x.scene.store.URL, x.scene.store.RecordLabel(t.Label))
	if err != nil {
		return nil, err
	}
	f := &cellFile{Record: summaryOf(r)}
	var read [][]float64
	some := map[int32]bool{}
	for _, k := range x.variables {
		v := x.scene.variables[k]
		if v.shard != nil {
			continue
		}
		values, err := v.selected[0].Read(ctx, &l.frame, t.block)
		if err != nil {
			return nil, err
		}
		for i, value := range values {
			if value == value {
				some[int32(i)] = true //nolint:gosec // slots of a shard fit
			}
		}
		read = append(read, values)
		f.Variables = append(f.Variables, cellValues{Name: v.text, Units: v.units})
	}
	slots := slices.Sorted(maps.Keys(some))
	for i := range f.Variables {
		for _, slot := range slots {
			f.Variables[i].Values = append(f.Variables[i].Values, numberOrNone(read[i][slot]))
		}
	}
	return f, f.placeCells(ctx, l, t, slots)
}

func numberOrNone(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// placeCells adds where cells are.
func (f *cellFile) placeCells(ctx context.Context, l *level, t *shard, slots []int32) error {
	cells, err := l.grid.Cells(ctx, t.Key)
	if err != nil {
		return err
	}
	fine := func(v float64) float64 { return math.Round(v*1e7) / 1e7 } // a centimetre
	for _, slot := range slots {
		f.Lon = append(f.Lon, fine(core.View[float64](cells[0].Data)[slot]))
		f.Lat = append(f.Lat, fine(core.View[float64](cells[1].Data)[slot]))
	}
	outliner, ok := l.grid.(core.Outliner)
	if !ok {
		return nil
	}
	rings, err := outliner.Outlines(ctx, t.Key, slots)
	for _, ring := range rings {
		ring = slices.Clone(ring)
		for i := range ring {
			ring[i].Lon, ring[i].Lat = fine(ring[i].Lon), fine(ring[i].Lat)
		}
		f.Outlines = append(f.Outlines, pairs(ring))
	}
	return err
}

// folder is where the files of the scene's window are.
func (x *exporting) folder() string { return filepath.FromSlash(folder(x.scene.window)) }

func (x *exporting) writeJSON(v any, path ...string) error {
	data, err := json.Marshal(v)
	if err != nil {
		return core.Errorf(core.Internal, "--export", x.Dir, "%w", err)
	}
	return x.write(data, path...)
}

func (x *exporting) write(data []byte, path ...string) error {
	name := filepath.Join(append([]string{x.Dir}, path...)...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return core.Errorf(core.Invalid, "--export", name, "%w", err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil { //nolint:gosec // it is a page for everybody
		return core.Errorf(core.Invalid, "--export", name, "%w", err)
	}
	x.written.Bytes += int64(len(data))
	return nil
}
