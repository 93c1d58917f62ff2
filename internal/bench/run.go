package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"math"
	"os/exec"

	"github.com/englacial/zagg/core"
)

// A runner measures a target by running zagg as a user does: one shard, one invocation of a function.
type runner struct {
	program  string   // the zagg that is measured
	flags    []string // of `zagg run`, the same for every target: where the function is, how granules are read
	progress io.Writer
}

// A summary is what of a run's summary the benchmark keeps.
type summary struct {
	Shards       struct{ OK, Empty, Partial, Skipped, Failed int }
	Observations int64
	Compute      float64 `json:"compute_s"`
	Wall         float64 `json:"wall_s"`
	Source       struct{ Gets, Heads, Down int64 }
	Worker       struct {
		MemoryGB     float64 `json:"memory_gb"`
		Architecture string
		Longest      float64 `json:"longest_s"`
	}
}

// run computes one shard of a target into a store and gives the run's summary.
func (r runner) run(ctx context.Context, target target, key core.ShardKey, store string) (*summary, error) {
	args := append([]string{"run", "--config", target.ConfigPath, "--catalog", target.ShardMapPath, "--morton-cell", string(key), "--store", store,
		"--overwrite", "--no-retry", "--json", "--quiet", "--yes", "--backend", "lambda"}, r.flags...)
	cmd := exec.CommandContext(ctx, r.program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, r.progress
	if err := cmd.Run(); err != nil {
		return nil, core.Errorf(core.Unavailable, "measure", target.Name, "zagg run: %w", err)
	}
	var s summary
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		return nil, core.Errorf(core.Corrupt, "measure", target.Name, "the summary of zagg run: %w", err)
	}
	return &s, nil
}

// seconds are those of the worker: its longest shard, else the sum of its shards, else the wall's.
func (s *summary) seconds() float64 {
	for _, v := range []float64{s.Worker.Longest, s.Compute} {
		if v > 0 {
			return v
		}
	}
	return s.Wall
}

// shardArea is the area of a shard in km² by a grid's signature; NaN for grids whose shards have no one area.
func shardArea(signature json.RawMessage) float64 {
	var s struct {
		Type        string
		ParentOrder *int `json:"parent_order"`
		Affine      []float64
		ChunkShape  []int `json:"chunk_shape"`
		CRS         string
	}
	if json.Unmarshal(signature, &s) != nil {
		return math.NaN()
	}
	switch {
	case s.Type == "healpix" && s.ParentOrder != nil:
		return healPixArea(*s.ParentOrder)
	case s.Type == "rectilinear" && len(s.Affine) >= 6 && len(s.ChunkShape) == 2 && s.CRS != "EPSG:4326": // degrees are not metres
		return rectilinearArea(s.ChunkShape[0], s.ChunkShape[1], s.Affine[4], s.Affine[0])
	}
	return math.NaN()
}
