package tdigest

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
)

// waveform makes digests of the samples of waveforms, each weighted by what it has beyond the noise. It is immutable.
type waveform struct {
	settings
	gain   float64
	sigmas float64 // of noise: a sample counts only beyond so many
}

// sigmasOf is how many standard deviations of noise are beyond its mean at most, in a record of so many samples, of which one in
// correlation is independent, but with a probability (Šidák): normal noise is taken.
func sigmasOf(probability float64, samples, correlation float64) float64 {
	trials := max(samples/correlation, 1)
	each := -math.Expm1(math.Log1p(-probability) / trials)
	return math.Sqrt2 * math.Erfcinv(2*each)
}

// Info names the inputs and outputs.
func (s *waveform) Info() core.StatisticInfo {
	info := s.settings.Info()
	info.Inputs[1] = core.Input{Name: "counts"}
	info.Inputs = append(info.Inputs, core.Input{Name: "noise_mean"}, core.Input{Name: "noise_stddev"})
	return info
}

// Compute makes the digest of each cell's samples.
func (s *waveform) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	in, err := s.columnsOf(groups, []string{"source", "counts", "noise_mean", "noise_stddev"}, "")
	if err != nil {
		return nil, err
	}
	values, counts, mean, deviation := in.numbers["source"], in.numbers["counts"], in.numbers["noise_mean"], in.numbers["noise_stddev"]
	return s.each(ctx, groups, in.words, func(b *builder, row int64) bool {
		v, weight := values[row], (counts[row]-mean[row])*s.gain
		if !(counts[row] > mean[row]+s.sigmas*deviation[row]) || !(weight > 0) || math.IsInf(weight, 0) || math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
		b.values, b.weights = append(b.values, v), append(b.weights, weight)
		return true
	})
}
