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

// A Runner measures a target by running zagg as a user does: one shard, one invocation of a function.
type Runner struct {
	Program  string   // the zagg that is measured
	Flags    []string // of `zagg run`, the same for every target: where the function is, how granules are read
	Progress io.Writer
}

// A Summary is what of a run's summary the benchmark keeps.
type Summary struct {
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

// Run computes one shard of a target into a store and gives the run's summary.
func (r Runner) Run(ctx context.Context, target Target, key core.ShardKey, store string) (*Summary, error) {
	args := append([]string{"run", "--config", target.ConfigPath, "--catalog", target.ShardMapPath, "--morton-cell", string(key), "--store", store,
		"--overwrite", "--no-retry", "--json", "--quiet", "--yes", "--backend", "lambda"}, r.Flags...)
	cmd := exec.CommandContext(ctx, r.Program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, r.Progress
	if err := cmd.Run(); err != nil {
		return nil, core.Errorf(core.Unavailable, "measure", target.Name, "zagg run: %w", err)
	}
	var s Summary
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		return nil, core.Errorf(core.Corrupt, "measure", target.Name, "the summary of zagg run: %w", err)
	}
	return &s, nil
}

// Seconds are those of the worker: its longest shard, else the sum of its shards, else the wall's.
func (s *Summary) Seconds() float64 {
	for _, v := range []float64{s.Worker.Longest, s.Compute} {
		if v > 0 {
			return v
		}
	}
	return s.Wall
}

// ShardArea is the area of a shard in km² by a grid's signature; NaN for grids whose shards have no one area.
func ShardArea(signature json.RawMessage) float64 {
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
