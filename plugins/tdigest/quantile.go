package tdigest

import (
	"math"
	"sort"
)

// Quantile is the value below which the part q, 0 to 1, of a digest's weight lies: the inverse of CDF, so it never falls as q grows.
// It is NaN of an empty digest. A digest is means and weights in turn, ascending by mean.
func Quantile(digest []float32, q float64) float64 {
	n := len(digest) / 2
	if n == 0 || math.IsNaN(q) {
		return math.NaN()
	}
	middles := ranks(digest)
	at := min(max(q, 0), 1) * (middles[n-1] + float64(digest[2*n-1])/2)
	i := sort.SearchFloat64s(middles, at)
	switch {
	case i == 0:
		return float64(digest[0])
	case i == n:
		return float64(digest[2*n-2])
	}
	low, high := float64(digest[2*i-2]), float64(digest[2*i])
	return low + (high-low)*(at-middles[i-1])/(middles[i]-middles[i-1])
}

// CDF is the part of a digest's weight, 0 to 1, that lies below a value: half a centroid's at its mean, and between means in a straight
// line. It is NaN of an empty digest.
func CDF(digest []float32, x float64) float64 {
	n := len(digest) / 2
	if n == 0 || math.IsNaN(x) {
		return math.NaN()
	}
	middles := ranks(digest)
	total := middles[n-1] + float64(digest[2*n-1])/2
	i := sort.Search(n, func(i int) bool { return float64(digest[2*i]) > x }) // the first mean beyond
	switch {
	case i == 0:
		return 0
	case i == n && x > float64(digest[2*n-2]):
		return 1
	case i == n:
		return middles[n-1] / total
	}
	low, high := float64(digest[2*i-2]), float64(digest[2*i])
	return (middles[i-1] + (middles[i]-middles[i-1])*(x-low)/(high-low)) / total
}

// ranks are the weights up to the middle of each centroid.
func ranks(digest []float32) []float64 {
	out, sum := make([]float64, len(digest)/2), 0.0
	for i := range out {
		w := float64(digest[2*i+1])
		out[i] = sum + w/2
		sum += w
	}
	return out
}
