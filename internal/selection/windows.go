package selection

import (
	"math"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/windows"
)

// Windows tell the windows of rows by their times. They are immutable and safe for concurrent use.
type Windows struct {
	Clock    *config.Clock
	Schedule *windows.Schedule
	// First and Last are the numbers of the windows that are asked for, from First to before Last.
	First, Last int
}

// A Span is a window as a clock shows it: from From to before To.
type Span struct{ From, To float64 }

// Span is a window as the clock shows it.
func (w *Windows) Span(of windows.Window) Span { return Span{w.Clock.At(of.Start), w.Clock.At(of.End)} }

// In divides rows of a batch: those in a span, which take the place of rows, and how many have another time, or none that is valid.
func (w *Windows) In(b *core.Batch, rows []int32, s Span) (in []int32, elsewhere, untimed int64, err error) {
	times, missing, err := times(b, w.Clock.Field, rows)
	if err != nil {
		return nil, 0, 0, err
	}
	kept, next := rows[:0], 0
	for k, r := range rows {
		if next < len(missing) && int(missing[next]) == k {
			next++
			untimed++
			continue
		}
		switch t := times[r]; {
		case t >= s.From && t < s.To:
			kept = append(kept, r)
		case math.IsNaN(t) || math.IsInf(t, 0):
			untimed++
		default:
			elsewhere++
		}
	}
	return kept, elsewhere, untimed, nil
}

// Of are the numbers of the windows that rows of a batch are in; none of those that are in no window.
func (w *Windows) Of(b *core.Batch, rows []int32, none int) ([]int, error) {
	times, missing, err := times(b, w.Clock.Field, rows)
	if err != nil {
		return nil, err
	}
	numbers := make([]int, len(rows))
	known, at := Span{math.Inf(1), math.Inf(-1)}, none // that of the row before, mostly this one's too
	for k, r := range rows {
		numbers[k] = none
		if _, lacks := slices.BinarySearch(missing, int32(k)); lacks { //nolint:gosec // rows of a batch fit
			continue
		}
		t := times[r]
		if !(t >= known.From && t < known.To) {
			if at = w.number(t, none); at == none {
				known = Span{math.Inf(1), math.Inf(-1)}
				continue
			}
			known = w.Span(w.Schedule.Window(at))
		}
		numbers[k] = at
	}
	return numbers, nil
}

// number is that of the window in which the clock shows t.
func (w *Windows) number(t float64, none int) int {
	unix := w.Clock.Unix(t)
	if !(math.Abs(unix) < 1e11) {
		return none
	}
	for _, guess := range []float64{0, -1, 1} { // seconds: near a border the clock itself decides
		n, ok := w.Schedule.Number(unixTime(unix + guess))
		if !ok {
			continue
		}
		if s := w.Span(w.Schedule.Window(n)); t >= s.From && t < s.To {
			return n
		}
	}
	return none
}

func unixTime(seconds float64) time.Time {
	whole := math.Floor(seconds)
	return time.Unix(int64(whole), int64((seconds-whole)*1e9)).UTC()
}
