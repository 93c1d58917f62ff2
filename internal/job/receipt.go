package job

import (
	"maps"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
)

// Reasons why an observation was dropped.
const (
	DropCoordinates = "coordinates" // not finite, or |lat| > 90; counted where the granule is at home
	DropSelection   = "selection"   // not of data_source.select
	DropTime        = "time"        // without a time, of a store with windows
	DropFilter      = "filter"      // a filter of the reader
	DropFill        = "fill"        // a variable is its _FillValue or out of its valid range; only with mask_fill: row
	DropNaN         = "nan"         // a variable is NaN; only with mask_fill: row
	DropExpression  = "expression"  // an expression filter
)

// A Receipt is what work took and gave. Every number a user sees is a sum of receipts.
type Receipt struct {
	Reads        int64              `json:"reads"`                 // requests that read: GET, HEAD
	Writes       int64              `json:"writes"`                // requests that write or list: PUT, LIST
	BytesRead    int64              `json:"bytes_read"`            // payload
	BytesWritten int64              `json:"bytes_written"`         // payload
	Seconds      float64            `json:"seconds"`               // wall
	CPUSeconds   float64            `json:"cpu_seconds,omitempty"` // of the process; 0: not measured
	Phases       map[string]float64 `json:"phases,omitempty"`      // seconds by phase; phases may overlap
	MaxMemory    int64              `json:"max_memory,omitempty"`  // bytes, the highest met
	SpillBytes   int64              `json:"spill_bytes,omitempty"` // written to temporary files
	Observations Observations       `json:"observations"`          // rows
	Observed     *Observed          `json:"observed,omitempty"`    // when the rows kept were observed; nil: not known
	Cells        int64              `json:"cells"`                 // cells with data
	Granules     int64              `json:"granules"`              // granules read to their end
	NoGroup      []GroupNote        `json:"no_group,omitempty"`    // groups a granule does not have
	EmptyGroup   []GroupNote        `json:"empty_group,omitempty"` // groups without a row
	ReadErrors   []ReadError        `json:"read_errors,omitempty"` // granules that could not be read
	Warnings     []Warning          `json:"warnings,omitempty"`    // what is wrong with granules that were read
}

// Observations counts rows: Read = Kept + the sum of Dropped. Every row of a granule is counted by one shard of a plan at
// most, so that these are the rows there are when they are summed over records. Outside is no part of that.
type Observations struct {
	Read    int64            `json:"read"` // rows of the shard, and rows without a position of granules at home in it
	Kept    int64            `json:"kept"` // rows that are in a cell
	Dropped map[string]int64 `json:"dropped,omitempty"`
	Outside int64            `json:"outside,omitempty"` // rows looked at that are of other shards or of none
	// LeftOut is rows kept that a variable did not use because one of its inputs has no valid value there, by variable.
	LeftOut map[string]int64 `json:"left_out,omitempty"`
}

// Observed are the times of the first and the last observation, UTC, to the millisecond.
type Observed struct {
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// observed is when the rows of two receipts were: not known where it is not of all of them.
func observed(a, b *Receipt) *Observed {
	switch {
	case b.Observations.Kept == 0:
		return a.Observed
	case a.Observations.Kept == 0:
		return b.Observed
	case a.Observed == nil || b.Observed == nil:
		return nil
	}
	return a.Observed.With(b.Observed.First, b.Observed.Last)
}

// With is o and what lies between two more times; of no o these alone. It does not change o.
func (o *Observed) With(first, last time.Time) *Observed {
	if o == nil {
		return &Observed{first, last}
	}
	if !first.Before(o.First) && !last.After(o.Last) {
		return o
	}
	all := *o
	if first.Before(all.First) {
		all.First = first
	}
	if last.After(all.Last) {
		all.Last = last
	}
	return &all
}

// A GroupNote names a group of a granule.
type GroupNote struct {
	Granule string `json:"granule"`
	Group   string `json:"group"`
}

// A Warning is what is wrong with the file of a granule that was read all the same.
type Warning struct {
	Granule string `json:"granule"`
	Text    string `json:"text"`
}

// A ReadError is why a granule could not be read.
type ReadError struct {
	Granule string `json:"granule"`
	Code    string `json:"code"` // core.Code in words
	Text    string `json:"text"`
}

// NewReadError keeps an error's code and text.
func NewReadError(granule string, err error) ReadError {
	return ReadError{Granule: granule, Code: core.CodeOf(err).String(), Text: err.Error()}
}

// Drop counts n observations dropped for a reason.
func (o *Observations) Drop(reason string, n int64) {
	add(&o.Dropped, reason, n)
}

// LeaveOut counts n observations that a variable left out.
func (o *Observations) LeaveOut(variable string, n int64) { add(&o.LeftOut, variable, n) }

func add(to *map[string]int64, name string, n int64) {
	if n == 0 {
		return
	}
	if *to == nil {
		*to = map[string]int64{}
	}
	(*to)[name] += n
}

// Add adds the numbers of another receipt. Seconds add up too: the sum of shards is compute time, not wall time.
// Maps and lists of o are not shared.
func (r *Receipt) Add(o *Receipt) {
	r.Observed = observed(r, o)
	r.Reads += o.Reads
	r.Writes += o.Writes
	r.BytesRead += o.BytesRead
	r.BytesWritten += o.BytesWritten
	r.Seconds += o.Seconds
	r.CPUSeconds += o.CPUSeconds
	r.MaxMemory = max(r.MaxMemory, o.MaxMemory)
	r.SpillBytes += o.SpillBytes
	r.Cells += o.Cells
	r.Granules += o.Granules
	r.Observations.Read += o.Observations.Read
	r.Observations.Kept += o.Observations.Kept
	r.Observations.Outside += o.Observations.Outside
	for _, reason := range slices.Sorted(maps.Keys(o.Observations.Dropped)) {
		r.Observations.Drop(reason, o.Observations.Dropped[reason])
	}
	for _, variable := range slices.Sorted(maps.Keys(o.Observations.LeftOut)) {
		r.Observations.LeaveOut(variable, o.Observations.LeftOut[variable])
	}
	for _, phase := range slices.Sorted(maps.Keys(o.Phases)) {
		if r.Phases == nil {
			r.Phases = map[string]float64{}
		}
		r.Phases[phase] += o.Phases[phase]
	}
	r.NoGroup = append(slices.Clip(r.NoGroup), o.NoGroup...)
	r.EmptyGroup = append(slices.Clip(r.EmptyGroup), o.EmptyGroup...)
	r.ReadErrors = append(slices.Clip(r.ReadErrors), o.ReadErrors...)
	r.Warnings = append(slices.Clip(r.Warnings), o.Warnings...)
}
