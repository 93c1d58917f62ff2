package stored

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// Info is what a store holds.
type Info struct {
	Store        string          `json:"store"`
	Group        string          `json:"group"`
	Grid         string          `json:"grid"`
	GridConfig   json.RawMessage `json:"grid_config"`
	Layout       string          `json:"layout"`
	ConfigHash   string          `json:"config_hash"`
	Plugins      []job.Plugin    `json:"plugins,omitempty"` // that do not come with zagg
	Coarser      []Level         `json:"coarser_groups,omitempty"`
	Windows      []WindowInfo    `json:"windows,omitempty"` // of time
	Arrays       []ArrayInfo     `json:"arrays"`
	Shards       int             `json:"shards_done"`
	Empty        int             `json:"shards_empty"`
	Partial      int             `json:"shards_partial"`
	Cells        int64           `json:"cells_with_data"`
	Observations int64           `json:"observations"`
	Objects      int             `json:"objects"`
	Bytes        int64           `json:"bytes"`
	Unlisted     bool            `json:"unlisted,omitempty"` // who asks may not list the store: of shards nothing is known
}

// ArrayInfo is what an array is.
type ArrayInfo struct {
	Name   string   `json:"name"`
	Type   string   `json:"dtype"`
	Shape  []int64  `json:"shape"`
	Shard  []int64  `json:"shard"`
	Chunk  []int64  `json:"chunk"`
	Dims   []string `json:"dims"`
	Codecs string   `json:"codecs"`
	Units  string   `json:"units,omitempty"`
}

// Describe says what a store holds, and of one that may not be listed what its metadata says.
func Describe(ctx context.Context, address string) (*Info, error) {
	s, err := OpenGroup(ctx, address)
	if err != nil {
		return nil, err
	}
	err = s.readRecords(ctx)
	unlisted := errors.Is(err, objstore.ErrUnlisted)
	if err != nil && !unlisted {
		return nil, err
	}
	info, err := s.describe(ctx)
	if err == nil {
		info.Unlisted = unlisted
	}
	return info, err
}

// describe sums up a store that was opened with its records.
func (s *Store) describe(ctx context.Context) (*Info, error) {
	info := &Info{Store: s.URL, Group: s.Name, Grid: s.Made.Grid, GridConfig: s.Made.GridConfig, Layout: s.Made.Layout, ConfigHash: s.Made.ConfigHash, Plugins: s.Made.Plugins}
	var err error
	if info.Coarser, err = s.Levels(ctx); err != nil {
		return nil, err
	}
	info.Windows = s.windowInfos()
	for _, name := range s.arrayNames() {
		d, err := s.Group.Array(ctx, name)
		if err != nil {
			return nil, err
		}
		info.Arrays = append(info.Arrays, ArrayInfo{Name: name, Type: d.Type.String(), Shape: d.Shape, Shard: d.Shard, Chunk: d.Chunk,
			Dims: d.Dims, Codecs: d.Codecs(), Units: units(d.Attrs)})
	}
	for _, r := range s.Records {
		info.Shards++
		switch r.Status {
		case job.Empty:
			info.Empty++
		case job.Partial:
			info.Partial++
		}
		info.Cells += r.Receipt.Cells
		info.Observations += r.Receipt.Observations.Kept
		info.Objects += len(r.Objects)
		for _, o := range r.Objects {
			info.Bytes += o.Size
		}
	}
	return info, nil
}
