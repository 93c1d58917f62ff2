package toc

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const gps = 4102790400000000000 // of the GPS epoch, 1980-01-06

func word(t *testing.T, ns int64) uint64 {
	w, ok := Time(ns)
	require.True(t, ok)
	return w
}

// The words that the specification publishes.
func TestPublishedWords(t *testing.T) {
	require.Equal(t, uint64(2147483648), word(t, 0))
	require.Equal(t, uint64(8205580801679687680), word(t, gps))
	require.Equal(t, uint64(10603180836377408512), word(t, 5301590418000000000))
	a, ok := Range(12384901888, 13384901888)
	require.True(t, ok)
	require.Equal(t, uint64(21474836484), a)
	b, ok := Range(29064771072, 30064771072)
	require.True(t, ok)
	require.Equal(t, uint64(55834574856), b)
	require.Equal(t, uint64(21474836488), Join(a, b))
	require.Equal(t, uint64(955255330), Join(word(t, 0), word(t, gps)))
}

func TestClock(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v
	}
	require.Equal(t, word(t, 5301590418000000000), NewClock(at("2018-01-01T00:00:00Z"), 1).Word(0))
	require.Equal(t, word(t, gps), NewClock(at("1980-01-06T00:00:00Z"), 1).Word(0))
	require.Equal(t, word(t, 0), NewClock(at("1850-01-01T00:00:00Z"), 1).Word(0))
	require.Equal(t, word(t, gps+86400e9), NewClock(at("1980-01-06T00:00:00Z"), 86400).Word(1))
	c := NewClock(at("2018-01-01T00:00:00Z"), 1)
	require.Equal(t, word(t, 5301590418000000000+250000000123046875), c.Word(250000000.123046875))
	for _, none := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -6e9, 4e9, 1e300} {
		require.Zero(t, c.Word(none), none)
	}
}

// A join covers what it joins, in whatever order, and no time outside the words' own quanta.
func TestJoin(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	some := func() uint64 {
		a := rng.Int64N(End)
		if rng.IntN(2) == 0 {
			return word(t, a)
		}
		w, ok := Range(a, a+rng.Int64N(End-a))
		require.True(t, ok)
		return w
	}
	for range 20000 {
		a, b, c := some(), some(), some()
		require.Equal(t, Join(a, b), Join(b, a))
		require.Equal(t, Join(Join(a, b), c), Join(a, Join(b, c)))
		require.Equal(t, a, Join(a, a))
		require.Equal(t, a, Join(a, 0))
		require.Equal(t, a, Join(0, a))
		startA, endA := Bounds(a)
		startB, endB := Bounds(b)
		start, end := Bounds(Join(a, b))
		require.LessOrEqual(t, start, min(startA, startB))
		require.GreaterOrEqual(t, end, max(endA, endB))
		require.Less(t, min(startA, startB)-start, int64(1)<<31)
		require.LessOrEqual(t, end-max(endA, endB), int64(1)<<32)
	}
}

// Seconds since 1970 are UTC's, whatever the epoch counts from and however many leap seconds were between.
func TestUnix(t *testing.T) {
	for _, c := range []struct {
		epoch string
		unit  float64
		v     float64
		want  string
	}{
		{"2018-01-01T00:00:00Z", 1, 0, "2018-01-01T00:00:00Z"},
		{"2018-01-01T00:00:00Z", 86400, 2.5, "2018-01-03T12:00:00Z"},
		{"1980-01-06T00:00:00Z", 1, 1198800018, "2018-01-01T00:00:00Z"}, // GPS time of the same instant
		{"1980-01-06T00:00:00Z", 1, 0.25, "1980-01-06T00:00:00.25Z"},
		{"1970-01-01T00:00:00Z", 1, 60, "1970-01-01T00:01:00Z"},
		{"2016-12-31T00:00:00.5Z", 1, 86401, "2017-01-01T00:00:00.5Z"},
	} {
		epoch, err := time.Parse(time.RFC3339Nano, c.epoch)
		require.NoError(t, err)
		want, err := time.Parse(time.RFC3339Nano, c.want)
		require.NoError(t, err)
		require.InDelta(t, float64(want.UnixMicro())/1e6, NewClock(epoch, c.unit).Unix(c.v), 1e-6, c)
	}
	require.True(t, math.IsNaN(NewClock(time.Unix(0, 0), 1).Unix(math.NaN())))
}
