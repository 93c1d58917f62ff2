package run

// The report of a run, kept beside its store.

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// A ShardRow is what one shard of a run took: a row of the report's table. Times are seconds, sizes bytes, costs US
// dollars.
type ShardRow struct {
	Shard        string  `json:"shard" parquet:"shard,zstd"`
	Status       string  `json:"status" parquet:"status,dict"` // ok, empty, partial, failed
	Skipped      bool    `json:"skipped" parquet:"skipped"`
	Seconds      float64 `json:"seconds" parquet:"seconds"`
	CPUSeconds   float64 `json:"cpu_seconds" parquet:"cpu_seconds"`
	MaxMemory    int64   `json:"max_memory_bytes" parquet:"max_memory_bytes"`
	Granules     int64   `json:"granules" parquet:"granules"`
	Observations int64   `json:"observations" parquet:"observations"`
	Cells        int64   `json:"cells" parquet:"cells"`
	Reads        int64   `json:"read_requests" parquet:"read_requests"`
	Writes       int64   `json:"write_requests" parquet:"write_requests"`
	BytesRead    int64   `json:"bytes_read" parquet:"bytes_read"`
	BytesWritten int64   `json:"bytes_written" parquet:"bytes_written"`
	CostUSD      float64 `json:"cost_usd" parquet:"cost_usd"`
	Error        string  `json:"error,omitempty" parquet:"error,zstd,optional"`
}

// rowOf is the row of a shard whose job ended. The row of a failure has what was used all the same.
func (s *Summary) rowOf(label string, res Result, err error) ShardRow {
	o := res.Outcome
	row := ShardRow{Shard: label, Status: "failed", Seconds: res.Seconds}
	if err != nil {
		row.Error = err.Error()
	} else {
		rec := o.Record
		row.Status, row.Skipped = string(rec.Status), o.Skipped
		row.CPUSeconds, row.MaxMemory = rec.Receipt.CPUSeconds, rec.Receipt.MaxMemory
		row.Granules, row.Observations, row.Cells = rec.Receipt.Granules, rec.Receipt.Observations.Kept, rec.Receipt.Cells
	}
	if o != nil {
		row.Reads, row.BytesRead = o.Source.Gets+o.Source.Heads, o.Source.Down
		row.Writes, row.BytesWritten = o.Output.Puts+o.Output.Lists, o.Output.Up
	}
	if !row.Skipped {
		row.CostUSD = cost.Of(s.use(res.Seconds, 1, row.Reads, row.Writes)).Total()
	}
	return row
}

// A Report is what is kept of a run beside its store, as JSON; its table of shards also as Parquet.
type Report struct {
	RunID   string       `json:"run_id"`
	Version string       `json:"zagg_version"`
	Command []string     `json:"command,omitempty"` // without what opens addresses
	Backend string       `json:"backend"`
	Config  string       `json:"config_hash"`
	Plugins []job.Plugin `json:"plugins,omitempty"` // whose code computed it
	Started time.Time    `json:"started"`
	Ended   time.Time    `json:"ended"`
	Summary *Summary     `json:"summary"`
	Shards  []ShardRow   `json:"shards"`
}

// backend is the report's word for where the shards were computed.
func (r *Run) backend() string {
	if r.total.Worker.Function != "" {
		return "lambda"
	}
	return "local"
}

// saveReport writes the report beside the store: <store>.status/runs/<run>.json and .parquet, shards in the order of
// their labels.
func (r *Run) saveReport(ctx context.Context) error {
	rows := r.total.rows
	slices.SortFunc(rows, func(a, b ShardRow) int {
		return cmp.Or(cmp.Compare(len(a.Shard), len(b.Shard)), cmp.Compare(a.Shard, b.Shard))
	})
	report := Report{RunID: r.id, Version: host.Version, Command: r.o.Command, Backend: r.backend(), Config: r.recipe.Hash(), Plugins: r.recipe.Plugins(), Started: r.start.UTC(), Ended: time.Now().UTC(), Summary: r.total, Shards: rows}
	text, err := json.MarshalIndent(report, "", " ")
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := parquet.Write(&table, rows); err != nil {
		return core.Errorf(core.Internal, "report", r.store, "%w", err)
	}
	base := store.At(r.store).Report(r.id)
	for _, f := range []struct {
		name, kind string
		data       []byte
	}{{base + ".json", "application/json", text}, {base + ".parquet", "application/vnd.apache.parquet", table.Bytes()}} {
		if err := r.metered().Put(ctx, f.name, bytes.NewReader(f.data), core.PutOptions{Size: int64(len(f.data)), ContentType: f.kind}); err != nil {
			return err
		}
	}
	return nil
}
