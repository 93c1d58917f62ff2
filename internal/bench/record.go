package bench

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/cost"
)

// What made a run.
const (
	EventMerge  = "merge"
	EventPR     = "pr"
	EventManual = "manual"
)

// earthRadius is the sphere of HEALPix areas, in km: the mean radius of the Earth (IUGG).
const earthRadius = 6371.0088

// A Record is what one target took in one run: a row of the series. New columns are only ever appended, in a format of
// their own name.
type Record struct {
	Timestamp       string  `json:"timestamp" parquet:"timestamp"` // RFC 3339, UTC, whole seconds
	Commit          string  `json:"commit" parquet:"commit"`
	Ref             string  `json:"ref" parquet:"ref"`
	Event           string  `json:"event" parquet:"event"`                  // merge, pr, manual
	PRNumber        *int64  `json:"pr_number" parquet:"pr_number,optional"` // of a pull request's run; never in the series
	Target          string  `json:"target" parquet:"target"`                //
	Aggregator      string  `json:"aggregator" parquet:"aggregator"`        //
	GridType        string  `json:"grid_type" parquet:"grid_type"`          //
	GridSize        string  `json:"grid_size" parquet:"grid_size"`          //
	ShardKey        uint64  `json:"shard_key" parquet:"shard_key"`          // exact
	Granules        int64   `json:"n_granules" parquet:"n_granules"`        //
	Observations    int64   `json:"total_obs" parquet:"total_obs"`          // kept
	Runtime         float64 `json:"runtime_s" parquet:"runtime_s"`          // of the worker
	GBSeconds       float64 `json:"gb_seconds" parquet:"gb_seconds"`        //
	Cost            float64 `json:"cost_per_shard_usd" parquet:"cost_per_shard_usd"`
	Area            float64 `json:"shard_area_km2" parquet:"shard_area_km2"` //
	CostPerArea     float64 `json:"cost_per_100km2_usd" parquet:"cost_per_100km2_usd"`
	FunctionTimeout float64 `json:"function_timeout_s" parquet:"function_timeout_s"`
	PctTimeout      float64 `json:"worker_pct_timeout" parquet:"worker_pct_timeout"` // runtime / timeout, 1 is all of it
	MemoryGB        float64 `json:"memory_gb" parquet:"memory_gb"`
	Price           float64 `json:"price_per_gb_sec" parquet:"price_per_gb_sec"`
	Version         string  `json:"zagg_version" parquet:"zagg_version"`
}

// A Run says which run a record is of.
type Run struct {
	Commit, Ref, Event string
	PRNumber           int64 // 0: none
	Version            string
	Time               time.Time
}

// A measurement is what one invocation took.
type measurement struct {
	Key          core.ShardKey
	Granules     int64
	Observations int64
	Seconds      float64 // of the worker
	AreaKM2      float64
	Function     function
}

// A function is what the worker was given.
type function struct {
	MemoryMB int
	Timeout  float64 // seconds
	AMD64    bool
}

// newRecord prices a measurement: GB-seconds are seconds × memory, dollars by the price of the function's architecture.
func newRecord(run Run, target target, m measurement) (Record, error) {
	key, err := strconv.ParseUint(string(m.Key), 10, 64)
	if err != nil {
		return Record{}, core.Errorf(core.Invalid, "record a benchmark", target.Name, "the series holds 64-bit shard keys, and this grid's key is %q", m.Key)
	}
	price := cost.ARM64PerGBSecond
	if m.Function.AMD64 {
		price = cost.AMD64PerGBSecond
	}
	r := Record{
		Timestamp: run.Time.UTC().Format(time.RFC3339), Commit: run.Commit, Ref: run.Ref, Event: run.Event,
		Target: target.Name, Aggregator: target.Aggregator, GridType: target.GridType, GridSize: target.GridSize,
		ShardKey: key, Granules: m.Granules, Observations: m.Observations, Runtime: m.Seconds, Area: m.AreaKM2,
		FunctionTimeout: m.Function.Timeout, MemoryGB: float64(m.Function.MemoryMB) / 1024, Price: price, Version: run.Version,
	}
	if run.PRNumber > 0 {
		r.PRNumber = &run.PRNumber
	}
	r.GBSeconds = r.Runtime * r.MemoryGB
	r.Cost = r.GBSeconds * price
	r.CostPerArea = ratio(r.Cost*100, r.Area)
	r.PctTimeout = ratio(r.Runtime, r.FunctionTimeout)
	return r, nil
}

// ratio is a/b, and NaN where there is no b.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return math.NaN()
	}
	return a / b
}

// healPixArea is the area in km² of a HEALPix cell of an order.
func healPixArea(order int) float64 {
	return 4 * math.Pi * earthRadius * earthRadius / (12 * math.Pow(4, float64(order)))
}

// rectilinearArea is the area in km² of a shard of height × width cells of resY × resX metres.
func rectilinearArea(height, width int, resY, resX float64) float64 {
	return float64(height) * math.Abs(resY) * float64(width) * math.Abs(resX) / 1e6
}

// ReadRecords reads a file that WriteRecords wrote: a list, and nothing else.
func ReadRecords(path string) ([]Record, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, core.Wrap(err, "read records", path)
	}
	var list []wireRecord
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, core.Errorf(core.Invalid, "read records", path, "a list of records is expected: %w", err)
	}
	records := make([]Record, len(list))
	for i := range list {
		records[i] = list[i].record()
		if records[i].Target == "" || records[i].Commit == "" {
			return nil, core.Errorf(core.Invalid, "read records", path, "record %d has no target or no commit", i+1)
		}
	}
	return records, nil
}

// WriteRecords writes records as a JSON list.
func WriteRecords(path string, records []Record) error {
	list := make([]wireRecord, len(records))
	for i, r := range records {
		list[i] = wireRecord{Record: r, CostPerArea: finite(r.CostPerArea), PctTimeout: finite(r.PctTimeout)}
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return core.Errorf(core.Internal, "write records", path, "%w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return core.Wrap(err, "write records", path)
	}
	return nil
}

// A wireRecord is a Record as JSON, which has no NaN: what is not known is null.
type wireRecord struct {
	Record
	CostPerArea *float64 `json:"cost_per_100km2_usd"`
	PctTimeout  *float64 `json:"worker_pct_timeout"`
}

func (w wireRecord) record() Record {
	r := w.Record
	r.CostPerArea, r.PctTimeout = math.NaN(), math.NaN()
	if w.CostPerArea != nil {
		r.CostPerArea = *w.CostPerArea
	}
	if w.PctTimeout != nil {
		r.PctTimeout = *w.PctTimeout
	}
	return r
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
