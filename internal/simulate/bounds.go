package simulate

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// A Bound is something that a run waits for, and how many seconds it would end sooner without it.
type Bound struct {
	Name  string  `json:"name"`
	Saves float64 `json:"saves_s"`
}

// bounds are what may bind, and how to do without.
func bounds() map[string]func(*Setting) {
	return map[string]func(*Setting){
		"the number of workers": func(s *Setting) { s.Function.Concurrency, s.Account = len(s.Jobs), 0 },
		"the rate at which Lambda starts workers": func(s *Setting) {
			s.Burst, s.free = math.MaxInt32, true
		},
		"cold starts":             func(s *Setting) { s.ColdStart, s.Model.InitSeconds = 0, 0 },
		"the service's latency":   func(s *Setting) { s.Function.Latency = 0 },
		"the service's bandwidth": func(s *Setting) { s.Function.Bandwidth = math.MaxFloat64 },
		"the workers' processors": func(s *Setting) { scaleCPU(&s.Model, 0) },
		"the longest job":         func(s *Setting) { s.flat = true },
		"looking for results":     func(s *Setting) { s.unseen = true },
	}
}

// least is the part of a run's wall time that something must take to be called a bound of it.
const least = 0.01

// Bounds are what binds a run's wall time, whatever holds it up most first: what would end sooner without it.
func (s *Setting) Bounds(ctx context.Context) ([]Bound, error) {
	whole, err := s.Replay(ctx, 0)
	if err != nil {
		return nil, err
	}
	var out []Bound
	for name, without := range bounds() {
		other := *s
		without(&other)
		o, err := other.Replay(ctx, 0)
		if err != nil {
			return nil, err
		}
		if o.Wall < whole.Wall*(1-least) {
			out = append(out, Bound{name, whole.Wall - o.Wall})
		}
	}
	slices.SortFunc(out, func(a, b Bound) int {
		return cmp.Or(cmp.Compare(b.Saves, a.Saves), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}
