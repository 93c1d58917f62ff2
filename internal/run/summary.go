package run

// The sum of what shards took and gave.

import (
	"slices"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// A Summary is what a run did: the sum of its receipts. Sizes are bytes, times seconds.
type Summary struct {
	Shards       ShardCounts        `json:"shards"`
	Cells        int64              `json:"cells_with_data"`
	Observations int64              `json:"observations"`
	Dropped      map[string]int64   `json:"dropped"`            // in the shards, by reason
	LeftOut      map[string]int64   `json:"left_out,omitempty"` // kept, but without a value of a variable's inputs, by variable
	NoGroup      int                `json:"groups_missing"`
	EmptyGroup   int                `json:"groups_empty"`
	Warnings     []string           `json:"warnings,omitempty"` // what is wrong with granules that were read
	Missing      []string           `json:"granules_missing"`
	Superseded   []job.Superseded   `json:"granules_superseded"`
	WallSeconds  float64            `json:"wall_s"`
	Compute      float64            `json:"compute_s"` // summed over shards of this run
	Source       objstore.Usage     `json:"source"`
	Output       objstore.Usage     `json:"output"`
	Cost         cost.Bill          `json:"cost"`
	CostUSD      float64            `json:"estimated_cost_usd"`
	Worker       WorkerSize         `json:"worker"`
	Phases       map[string]float64 `json:"phases_max_s,omitempty"`
	Failed       []Failure          `json:"failed"`
	Removed      []string           `json:"removed"`
	Store        string             `json:"store"`
	Plugins      []PluginUse        `json:"plugins,omitempty"` // in processes on this machine

	rows []ShardRow
	seen job.Receipt // when the observations of all shards were made
	jobs int         // invocations, on Lambda
}

// A PluginUse is what a plugin in a process of its own was asked for, and took.
type PluginUse struct {
	Name      string  `json:"name"`
	Version   string  `json:"version"`
	Digest    string  `json:"digest"`
	Calls     int64   `json:"calls"`
	Seconds   float64 `json:"call_seconds"` // of calls; those at once count twice
	Sent      int64   `json:"bytes_sent"`
	Received  int64   `json:"bytes_received"`
	MaxMemory int64   `json:"max_memory_bytes"` // 0: not known
}

// A WorkerSize is what shards were computed on, or would have been on Lambda.
type WorkerSize struct {
	Function     string  `json:"function,omitempty"` // "": this process
	MemoryGB     float64 `json:"memory_gb"`
	TmpGB        float64 `json:"tmp_gb"`
	Architecture string  `json:"architecture"` // arm64, x86_64
	GBSeconds    float64 `json:"gb_seconds"`
	Longest      float64 `json:"longest_s"` // of any shard
	MaxMemoryMB  float64 `json:"max_memory_mb,omitempty"`
}

// ranOn notes which function computed the shards.
func (s *Summary) ranOn(function string, memoryMB, tmpMB int, amd64 bool) {
	s.Worker.Function, s.Worker.MemoryGB, s.Worker.TmpGB, s.Worker.Architecture = function, float64(memoryMB)/1024, float64(tmpMB)/1024, cost.Architecture(amd64)
}

// use is a worker's seconds and requests in the form that the cost formula takes.
func (s *Summary) use(workerSeconds float64, invocations, gets, puts int64) cost.Use {
	w := &s.Worker
	return cost.Use{WorkerSeconds: workerSeconds, MemoryGB: w.MemoryGB, TmpGB: w.TmpGB, AMD64: w.Architecture == cost.Architecture(true), Invocations: invocations, Gets: gets, Puts: puts}
}

// ShardCounts are numbers of shards by what became of them.
type ShardCounts struct {
	Total    int `json:"total"`
	WithData int `json:"with_data"`
	Empty    int `json:"empty"` // of which:
	// NoGranules have no granule, NoRows have granules of which no observation is left.
	NoGranules int `json:"empty_no_granules"`
	NoRows     int `json:"empty_filtered"`

	Errors  int `json:"errors"`
	Skipped int `json:"skipped"` // done before; counted in with_data or empty too
	Folded  int `json:"folded"`  // new granules were folded in; counted in with_data or empty too
}

// emptyBy is the counter of empty shards with so many granules: none, or some without an observation that is left.
func (s *ShardCounts) emptyBy(granules int64) *int {
	if granules == 0 {
		return &s.NoGranules
	}
	return &s.NoRows
}

// A Failure is a shard that failed, and why.
type Failure struct {
	Shard string `json:"shard"`
	Error string `json:"error"`
}

// newSummary makes an empty summary; memory is the worker's in MiB as configured, 0 if it is not.
func newSummary(store string, memory, total int) *Summary {
	s := &Summary{Store: store, Worker: WorkerSize{MemoryGB: cost.DefaultMemoryGB, TmpGB: cost.FreeTmpGB, Architecture: cost.Architecture(false)}, Dropped: map[string]int64{}, Phases: map[string]float64{}, Missing: []string{}, Superseded: []job.Superseded{}, Failed: []Failure{}, Removed: []string{}}
	s.Shards.Total = total
	if memory > 0 {
		s.Worker.MemoryGB = float64(memory) / 1024
	}
	return s
}

// add counts one shard whose job ended.
func (s *Summary) add(label string, res Result, err error) {
	o, seconds := res.Outcome, res.Seconds
	s.Compute += seconds
	s.rows = append(s.rows, s.rowOf(label, res, err))
	if o != nil {
		s.Source = s.Source.Add(o.Source)
		s.Output = s.Output.Add(o.Output)
	}
	if err != nil {
		s.Shards.Errors++
		s.Failed = append(s.Failed, Failure{label, err.Error()})
		return
	}
	rec := o.Record
	if o.Skipped {
		s.Shards.Skipped++
	} else if rec.How == store.HowFolded {
		s.Shards.Folded++
	}
	if rec.Status == job.Empty || rec.Receipt.Cells == 0 {
		*s.Shards.emptyBy(rec.Receipt.Granules)++
		s.Shards.Empty++
	} else {
		s.Shards.WithData++
	}
	r := &rec.Receipt
	s.Cells += r.Cells
	s.Observations += r.Observations.Kept
	s.seen.Add(rec.Times())
	for reason, n := range r.Observations.Dropped {
		if reason != "outside" { // which records of earlier releases list
			s.Dropped[reason] += n
		}
	}
	for variable, n := range r.Observations.LeftOut {
		if s.LeftOut == nil {
			s.LeftOut = map[string]int64{}
		}
		s.LeftOut[variable] += n
	}
	s.NoGroup += len(r.NoGroup)
	s.EmptyGroup += len(r.EmptyGroup)
	for _, w := range r.Warnings {
		s.Warnings = append(s.Warnings, w.Granule+": "+w.Text)
	}
	s.Missing = append(s.Missing, rec.Missing...)
	if !o.Skipped {
		s.Worker.Longest = max(s.Worker.Longest, seconds)
		s.Worker.MaxMemoryMB = max(s.Worker.MaxMemoryMB, float64(r.MaxMemory)/(1<<20))
		for phase, sec := range r.Phases {
			s.Phases[phase] = max(s.Phases[phase], sec)
		}
	}
}

// price computes what the work would have cost on Lambda and S3.
func (s *Summary) price() {
	s.Cost = cost.Of(s.use(s.Compute, int64(min(s.jobs, s.Shards.Total-s.Shards.Skipped)),
		s.Source.Gets+s.Source.Heads+s.Output.Gets+s.Output.Heads, s.Output.Puts+s.Output.Lists+s.Source.Lists))
	s.CostUSD = s.Cost.Total()
	s.Worker.GBSeconds = s.Compute * s.Worker.MemoryGB
}

// order sorts what came in the order of time, so that the same run has the same summary.
func (s *Summary) order() {
	slices.Sort(s.Missing)
	s.Missing = slices.Compact(s.Missing)
	slices.Sort(s.Warnings) // a granule is read for several shards
	s.Warnings = slices.Compact(s.Warnings)
}

// end is nil only if everything that was asked for is in the store.
func (s *Summary) end() error {
	switch {
	case s.Shards.Errors > 0:
		return &FailedError{Failed: s.Shards.Errors, Total: s.Shards.Total}
	case len(s.Missing) > 0:
		return &MissingError{Granules: s.Missing}
	}
	return nil
}
