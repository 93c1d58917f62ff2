package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/job"
)

// A summary is what a run did: the sum of its receipts.
type summary struct {
	Shards       shardCounts        `json:"shards"`
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
	Worker       workerSize         `json:"worker"`
	Phases       map[string]float64 `json:"phases_max_s,omitempty"`
	Failed       []failure          `json:"failed"`
	Removed      []string           `json:"removed"`
	Store        string             `json:"store"`

	rows []shardRow
}

// A workerSize is what shards were computed on, or would have been on Lambda.
type workerSize struct {
	Function     string  `json:"function,omitempty"` // "": this process
	MemoryGB     float64 `json:"memory_gb"`
	TmpGB        float64 `json:"tmp_gb"`
	Architecture string  `json:"architecture"` // arm64, x86_64
	GBSeconds    float64 `json:"gb_seconds"`
	Longest      float64 `json:"longest_s"` // of any shard
	MaxMemoryMB  float64 `json:"max_memory_mb,omitempty"`
}

// architecture is the word of AWS for it.
func architecture(amd64 bool) string {
	if amd64 {
		return "x86_64"
	}
	return "arm64"
}

// ranOn says which function computed the shards.
func (s *summary) ranOn(function string, memoryMB, tmpMB int, amd64 bool) {
	s.Worker.Function, s.Worker.MemoryGB, s.Worker.TmpGB, s.Worker.Architecture = function, float64(memoryMB)/1024, float64(tmpMB)/1024, architecture(amd64)
}

// use is what seconds of a worker and requests are, for the formula.
func (s *summary) use(workerSeconds float64, invocations, gets, puts int64) cost.Use {
	w := &s.Worker
	return cost.Use{WorkerSeconds: workerSeconds, MemoryGB: w.MemoryGB, TmpGB: w.TmpGB, AMD64: w.Architecture == architecture(true), Invocations: invocations, Gets: gets, Puts: puts}
}

type shardCounts struct {
	Total    int `json:"total"`
	WithData int `json:"with_data"`
	Empty    int `json:"empty"`
	Errors   int `json:"errors"`
	Skipped  int `json:"skipped"` // done before; counted in with_data or empty too
}

type failure struct {
	Shard string `json:"shard"`
	Error string `json:"error"`
}

// newSummary takes the worker's memory in MiB as configured, 0 if it is not.
func newSummary(store string, memory, total int) *summary {
	s := &summary{Store: store, Worker: workerSize{MemoryGB: cost.DefaultMemoryGB, TmpGB: cost.FreeTmpGB, Architecture: architecture(false)}, Dropped: map[string]int64{}, Phases: map[string]float64{}, Missing: []string{}, Superseded: []job.Superseded{}, Failed: []failure{}, Removed: []string{}}
	s.Shards.Total = total
	if memory > 0 {
		s.Worker.MemoryGB = float64(memory) / 1024
	}
	return s
}

// add counts one job that ended.
func (s *summary) add(label string, o *host.Outcome, err error, seconds float64) {
	s.Compute += seconds
	s.rows = append(s.rows, s.rowOf(label, o, err, seconds))
	if o != nil {
		s.Source = s.Source.Add(o.Source)
		s.Output = s.Output.Add(o.Output)
	}
	if err != nil {
		s.Shards.Errors++
		s.Failed = append(s.Failed, failure{label, err.Error()})
		return
	}
	rec := o.Record
	if o.Skipped {
		s.Shards.Skipped++
	}
	if rec.Status == job.Empty || rec.Receipt.Cells == 0 {
		s.Shards.Empty++
	} else {
		s.Shards.WithData++
	}
	r := &rec.Receipt
	s.Cells += r.Cells
	s.Observations += r.Observations.Kept
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
	s.Missing = append(s.Missing, rec.Missing...)
	for _, w := range r.Warnings {
		s.Warnings = append(s.Warnings, w.Granule+": "+w.Text)
	}
	if !o.Skipped {
		s.Worker.Longest = max(s.Worker.Longest, seconds)
		s.Worker.MaxMemoryMB = max(s.Worker.MaxMemoryMB, float64(r.MaxMemory)/(1<<20))
		for phase, sec := range r.Phases {
			s.Phases[phase] = max(s.Phases[phase], sec)
		}
	}
}

// price is what the work would have cost on Lambda and S3.
func (s *summary) price() {
	s.Cost = cost.Of(s.use(s.Compute, int64(s.Shards.Total-s.Shards.Skipped),
		s.Source.Gets+s.Source.Heads+s.Output.Gets+s.Output.Heads, s.Output.Puts+s.Output.Lists+s.Source.Lists))
	s.CostUSD = s.Cost.Total()
	s.Worker.GBSeconds = s.Compute * s.Worker.MemoryGB
}

// print writes the summary for people, or as JSON.
func (s *summary) print(out io.Writer, asJSON, profile bool) error {
	w := &bytes.Buffer{}
	s.price()
	slices.Sort(s.Missing)
	s.Missing = slices.Compact(s.Missing)
	slices.Sort(s.Warnings) // a granule is read for several shards
	s.Warnings = slices.Compact(s.Warnings)
	if !profile {
		s.Phases = nil
	}
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	}
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-14s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "Done: %d cells with data, %s obs, %d errors, %.1f s\n", s.Shards.WithData, thousands(s.Observations), s.Shards.Errors, s.WallSeconds)
	line("Shards", "%d total, %d with data, %d empty, %d errors%s", s.Shards.Total, s.Shards.WithData, s.Shards.Empty, s.Shards.Errors, s.skipped())
	line("Cells", "%s with data", thousands(s.Cells))
	line("Observations", "%s kept%s", thousands(s.Observations), counts("; dropped: ", s.Dropped))
	if len(s.LeftOut) > 0 {
		line("Left out", "%s", counts("without a value: ", s.LeftOut))
	}
	if s.NoGroup+s.EmptyGroup > 0 {
		line("Groups", "%d that granules do not have, %d without a row (normal)", s.NoGroup, s.EmptyGroup)
	}
	for _, text := range s.Warnings[:min(len(s.Warnings), 10)] {
		line("Warning", "%s", text)
	}
	if n := len(s.Warnings) - 10; n > 0 {
		line("Warning", "%d more: see the records", n)
	}
	if len(s.Missing) > 0 {
		line("Missing", "%d granules could not be read: %s", len(s.Missing), abbreviate(s.Missing))
	}
	if len(s.Superseded) > 0 {
		line("Left out", "%d granules whose observations another holds, newer or whole: %s", len(s.Superseded), abbreviate(s.leftOut()))
	}
	line("Time", "%s wall, %s compute", seconds(s.WallSeconds), seconds(s.Compute))
	if s.WallSeconds > 0 && s.Compute > 0 {
		line("Throughput", "%s obs/s, %.1f shards/s", thousands(int64(float64(s.Observations)/s.WallSeconds)), float64(s.Shards.Total)/s.WallSeconds)
	}
	line("Read", "%s requests, %s%s", thousands(s.Source.Gets+s.Source.Heads), megabytes(s.Source.Down), retried(s.Source.Retries))
	line("Written", "%s requests, %s%s", thousands(s.Output.Puts), megabytes(s.Output.Up), retried(s.Output.Retries))
	line("Cost", "about %s%s", s.Cost, s.costParts())
	for i, f := range s.Failed {
		if i == 10 {
			line("", "… and %d more", len(s.Failed)-i)
			break
		}
		line("Failed", "%s: %s", f.Shard, f.Error)
	}
	s.printForScrapers(w, profile)
	_, err := out.Write(w.Bytes())
	return err
}

// leftOut are the superseded granules, each with what is used.
func (s *summary) leftOut() []string {
	names := make([]string, len(s.Superseded))
	for i, x := range s.Superseded {
		names[i] = x.Granule + " (for " + x.By + ")"
	}
	return names
}

// complete is errIncomplete where granules are missing from what was computed, which was allowed.
func (s *summary) complete(out io.Writer) error {
	if len(s.Missing) == 0 {
		return nil
	}
	fmt.Fprintf(out, "zagg: %d granules are missing from the store; its records name them, and the same command tries them again\n", len(s.Missing))
	return errIncomplete
}

// printForScrapers has lines that logs of earlier systems are searched for.
func (s *summary) printForScrapers(w io.Writer, profile bool) {
	if s.Worker.Function != "" {
		fmt.Fprintf(w, "Lambda compute: %.1fs total, %.1f GB-s, ~$%.4f\n", s.Compute, s.Worker.GBSeconds, s.CostUSD)
	}
	if profile {
		fmt.Fprintf(w, "Worker phases (max across cells): %s\n", s.phases())
	}
	fmt.Fprintf(w, "Output: %s\n", s.Store)
}

// costParts says what the dollars are for, on Lambda, or whose they would be.
func (s *summary) costParts() string {
	w := &s.Worker
	if w.Function == "" {
		return fmt.Sprintf(" as Lambda workers of %.3g GB, %s", w.MemoryGB, w.Architecture)
	}
	return fmt.Sprintf(": compute $%.4f, requests $%.4f, invocations $%.4f, /tmp $%.4f; %.3g GB, %s, /tmp %.3g GB", s.Cost.Compute, s.Cost.Requests, s.Cost.Invoke, s.Cost.Tmp, w.MemoryGB, w.Architecture, w.TmpGB)
}

func (s *summary) skipped() string {
	if s.Shards.Skipped == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d done before)", s.Shards.Skipped)
}

// counts lists numbers by name after a title; nothing of none.
func counts(title string, of map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %s", thousands(of[name]), name))
	}
	if parts == nil {
		return ""
	}
	return title + strings.Join(parts, ", ")
}

func (s *summary) phases() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(s.Phases)) {
		parts = append(parts, fmt.Sprintf("%s %.2fs", name, s.Phases[name]))
	}
	return strings.Join(parts, ", ")
}

func retried(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", %s retried", thousands(n))
}
