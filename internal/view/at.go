package view

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/stored"
)

// A Place is what there is at a point: a cell, or at least a shard.
type Place struct {
	Shard   string             `json:"shard"`
	Key     string             `json:"shard_key"`
	State   string             `json:"state"`
	Lon     float64            `json:"lon"` // of the cell's centre
	Lat     float64            `json:"lat"`
	Outline [][2]float64       `json:"outline,omitempty"`
	Names   [][2]string        `json:"names,omitempty"` // what the grid calls the cell
	Values  []stored.CellValue `json:"values,omitempty"`
	Record  *RecordSummary     `json:"record,omitempty"`
}

// mostListed is how many granules, or numbers, of a thing are shown.
const mostListed = 200

// A RecordSummary is what a shard's record says, without its longer lists.
type RecordSummary struct {
	Status     string          `json:"status"`
	Granules   []store.Version `json:"granules,omitempty"` // mostListed at most
	Count      int64           `json:"granule_count"`
	Missing    []string        `json:"missing,omitempty"`
	Objects    int             `json:"objects"`
	Bytes      int64           `json:"bytes"`
	Cells      int64           `json:"cells"`
	Kept       int64           `json:"observations"`
	Seconds    float64         `json:"seconds"`
	ConfigHash string          `json:"config_hash"`
	Version    string          `json:"zagg_version"`
	RunID      string          `json:"run_id,omitempty"`
	WrittenAt  string          `json:"written_at"`
}

func summaryOf(r *store.Record) *RecordSummary {
	s := &RecordSummary{Status: string(r.Status), Count: r.Receipt.Granules, Objects: len(r.Objects), Cells: r.Receipt.Cells,
		Kept: r.Receipt.Observations.Kept, Seconds: r.Receipt.Seconds, ConfigHash: r.ConfigHash, Version: r.Version, RunID: r.RunID,
		WrittenAt: r.WrittenAt.Format("2006-01-02 15:04:05 UTC")}
	granules := r.Granulewise()
	s.Granules = granules[:min(len(granules), mostListed)]
	for i := range s.Granules {
		s.Granules[i].Address = job.PlainAddress(s.Granules[i].Address)
	}
	s.Missing = r.Missing[:min(len(r.Missing), mostListed)]
	for _, o := range r.Objects {
		s.Bytes += o.Size
	}
	return s
}

// At is what there is at a point; NotFound where no shard is.
func (s *scene) At(ctx context.Context, lon, lat float64) (*Place, error) {
	if !(lon >= -360 && lon <= 360 && lat >= -90 && lat <= 90) {
		return nil, core.Errorf(core.Invalid, "cell", "", "no such place")
	}
	point := sphere.FromLonLat(lon, lat)
	for _, t := range s.all() {
		if !t.cap.Contains(point) {
			continue
		}
		slot := []int32{-1}
		if err := s.grid.Locate(ctx, t.Key, []float64{lon}, []float64{lat}, slot); err != nil {
			return nil, err
		}
		if slot[0] >= 0 {
			return s.place(ctx, t, slot[0], lon, lat)
		}
	}
	return nil, core.Errorf(core.NotFound, "cell", "", "no shard is here")
}

func (s *scene) place(ctx context.Context, t *shard, slot int32, lon, lat float64) (*Place, error) {
	p := &Place{Shard: t.Label, Key: string(t.Key), State: t.state, Lon: lon, Lat: lat}
	cells, err := s.grid.Cells(ctx, t.Key)
	if err != nil {
		return nil, err
	}
	p.Lon, p.Lat = core.View[float64](cells[0].Data)[slot], core.View[float64](cells[1].Data)[slot]
	if outliner, ok := s.grid.(core.Outliner); ok {
		rings, err := outliner.Outlines(ctx, t.Key, []int32{slot})
		if err != nil {
			return nil, err
		}
		p.Outline = pairs(rings[0])
	}
	if p.Names, err = s.names(ctx, p.Lon, p.Lat); err != nil || s.store == nil || t.changed == "" {
		return p, err
	}
	r, err := store.LoadRecord(ctx, s.store.Objects, s.store.URL, s.store.RecordLabel(t.Label))
	if core.Is(err, core.NotFound) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	p.Record = summaryOf(r)
	values, err := s.store.CellOf(ctx, s.grid, r, slot)
	for i := range values {
		values[i].Numbers = values[i].Numbers[:min(len(values[i].Numbers), mostListed)]
	}
	p.Values = values
	return p, err
}

// names is what the grid calls the cell at a point.
func (s *scene) names(ctx context.Context, lon, lat float64) ([][2]string, error) {
	namer, ok := s.grid.(core.CellNamer)
	if !ok {
		return nil, nil
	}
	columns, err := namer.Names(ctx, []float64{lon}, []float64{lat})
	if err != nil {
		return nil, err
	}
	var out [][2]string
	for i := range columns {
		if columns[i].Name != core.PointColumn {
			out = append(out, [2]string{columns[i].Name, stored.ElementText(&columns[i], 0)})
		}
	}
	return out, nil
}

func pairs(ring []core.LonLat) [][2]float64 {
	out := make([][2]float64, len(ring))
	for i, c := range ring {
		out[i] = [2]float64{c.Lon, c.Lat}
	}
	return out
}
