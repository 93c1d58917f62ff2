package bench

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
)

// Counts are what a target took beside its record: what a regression shows in. Requests and bytes are exact where the
// granules lie on this machine; seconds are in units of Calibrate, measured in the same run.
type Counts struct {
	Commit      string  `json:"commit"`
	Target      string  `json:"target"`
	Timestamp   string  `json:"timestamp"`
	Requests    int64   `json:"read_requests"`
	Bytes       int64   `json:"bytes_read"`
	Seconds     float64 `json:"worker_s"`
	Calibration float64 `json:"calibration_s"`
}

// units are seconds of the worker in calibration loops.
func (c Counts) units() float64 { return ratio(c.Seconds, c.Calibration) }

// keptMerges is how many merges a run is compared with.
const keptMerges = 10

// Limits say by how much more than the median of the last merges a target may take.
type Limits struct {
	Exact   float64 // requests and bytes: 0.02 is 2 %
	Seconds float64 // seconds of the worker, in calibration loops
}

// DefaultLimits leave room for noise in seconds, and for none in what is counted.
func DefaultLimits() Limits { return Limits{Exact: 0.02, Seconds: 0.35} }

// Regressions compares counts with the median of the last merges of the same target, and says what became worse.
// Without history nothing is worse.
func Regressions(history, now []Counts, limits Limits) []string {
	var worse []string
	for _, n := range now {
		var before []Counts
		for _, h := range history {
			if h.Target == n.Target && h.Commit != n.Commit {
				before = append(before, h)
			}
		}
		slices.SortStableFunc(before, func(a, b Counts) int { return -compareTime(a.Timestamp, b.Timestamp) })
		before = before[:min(len(before), keptMerges)]
		for _, m := range []struct {
			name  string
			value func(Counts) float64
			limit float64
		}{
			{"read requests", func(c Counts) float64 { return float64(c.Requests) }, limits.Exact},
			{"bytes read", func(c Counts) float64 { return float64(c.Bytes) }, limits.Exact},
			{"seconds of the worker, in calibration loops,", Counts.units, limits.Seconds},
		} {
			usual := median(before, m.value)
			if v := m.value(n); usual > 0 && v > usual*(1+m.limit) {
				worse = append(worse, fmt.Sprintf("%s: %s %s, %.0f %% more than the median %s of the last %d merges (limit %.0f %%)",
					n.Target, m.name, digits(v), 100*(v/usual-1), digits(usual), len(before), 100*m.limit))
			}
		}
	}
	return worse
}

func digits(v float64) string {
	if v == math.Trunc(v) {
		return humanize.Comma(int64(v))
	}
	return fmt.Sprintf("%.3g", v)
}

func compareTime(a, b string) int {
	at, _ := time.Parse(time.RFC3339, a)
	bt, _ := time.Parse(time.RFC3339, b)
	return at.Compare(bt)
}

// median of what is known; 0 if nothing is.
func median(counts []Counts, value func(Counts) float64) float64 {
	var v []float64
	for _, c := range counts {
		if x := value(c); !math.IsNaN(x) {
			v = append(v, x)
		}
	}
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// ReadCounts reads a file of counts. One that is not there is an empty history.
func ReadCounts(path string) ([]Counts, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, core.Wrap(err, "read counts", path)
	}
	var counts []Counts
	if err := json.Unmarshal(b, &counts); err != nil {
		return nil, core.Errorf(core.Invalid, "read counts", path, "a list of counts is expected: %w", err)
	}
	return counts, nil
}

// WriteCounts writes counts as a JSON list.
func WriteCounts(path string, counts []Counts) error {
	b, err := json.MarshalIndent(counts, "", "  ")
	if err != nil {
		return core.Errorf(core.Internal, "write counts", path, "%w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return core.Wrap(err, "write counts", path)
	}
	return nil
}

// RetainCounts adds counts of a merge to the history; those of the same commit and target are replaced, and only what
// comparisons need is kept.
func RetainCounts(history, now []Counts) []Counts {
	kept := slices.DeleteFunc(slices.Clone(history), func(h Counts) bool {
		return slices.ContainsFunc(now, func(n Counts) bool { return n.Commit == h.Commit && n.Target == h.Target })
	})
	kept = append(kept, now...)
	slices.SortStableFunc(kept, func(a, b Counts) int { return -compareTime(a.Timestamp, b.Timestamp) })
	seen := map[string]int{}
	kept = slices.DeleteFunc(kept, func(c Counts) bool {
		seen[c.Target]++
		return seen[c.Target] > 3*keptMerges
	})
	slices.Reverse(kept)
	return kept
}

// calibrationBytes is how much the loop hashes: a few tenths of a second on one core of 2020.
const calibrationBytes = 64 << 20

// calibrate gives the seconds that one core of this machine takes for a fixed loop, the least of five: a unit in which
// seconds of machines can be compared.
func calibrate() float64 {
	block := make([]byte, 1<<20)
	best := math.Inf(1)
	for range 5 {
		start := time.Now()
		h := sha256.New()
		for range calibrationBytes / len(block) {
			h.Write(block)
		}
		block[0] = h.Sum(nil)[0]
		best = min(best, time.Since(start).Seconds())
	}
	return best
}
