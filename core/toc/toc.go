// Package toc makes and joins 64-bit words of time (mortie specification, "toc word"): nanoseconds since 1850-01-01T00:00:00 on a
// scale without leap seconds that is GPS time from 1972 on.
//
//	a time    bits 63…32 t>>31, bit 31 set, bits 30…0 the rest
//	a range   bits 63…32 start>>31, bit 31 clear, bits 30…0 (end>>32)+1: from start·2³¹ ns to before end·2³² ns
//
// 0 is no word.
package toc

import (
	"math"
	"time"
)

// End is the first nanosecond that no word has.
const End = 1<<63 - 1<<32

const flag = 1 << 31

// Time is the word of a time in nanoseconds; false where there is none.
func Time(ns int64) (uint64, bool) {
	if ns < 0 || ns >= End {
		return 0, false
	}
	t := uint64(ns)
	return t>>31<<32 | flag | t&(flag-1), true
}

// Range is the word of the times from start on up to end, both in nanoseconds; false where there is none.
func Range(start, end int64) (uint64, bool) {
	if start < 0 || end < start || end >= End {
		return 0, false
	}
	return uint64(start)>>31<<32 | (uint64(end)>>32 + 1), true
}

// Bounds are the times of a word, from start to before end, in nanoseconds; of a time, it and the next.
func Bounds(word uint64) (start, end int64) {
	if word&flag != 0 {
		t := int64(word>>32<<31 | word&(flag-1))
		return t, t + 1
	}
	return int64(word >> 32 << 31), int64(word & (flag - 1) << 32)
}

// codes are the start and the end of a word as a range has them.
func codes(word uint64) (start, end uint64) {
	start, end = word>>32, word&(flag-1)
	if word&flag != 0 {
		end = (start<<31|end)>>32 + 1
	}
	return start, end
}

// Join is the word of all times of two words. A word and itself, or 0, give the word.
func Join(a, b uint64) uint64 {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return b
	}
	startA, endA := codes(a)
	startB, endB := codes(b)
	return min(startA, startB)<<32 | max(endA, endB)
}

// A Clock turns numbers that count from an epoch into words.
type Clock struct {
	epoch int64   // nanoseconds
	unit  float64 // seconds
	leaps []leap
}

// A leap is how far GPS time is ahead of UTC from an instant on.
type leap struct{ from, ahead float64 } // seconds of GPS time since 1970-01-01, and of both

// NewClock is the clock that counts units of so many seconds, without leap seconds, from an instant of UTC.
func NewClock(epoch time.Time, unit float64) Clock {
	seconds := epoch.Unix() - zero().Unix() + leapSeconds(epoch)
	c := Clock{epoch: seconds*1e9 + int64(epoch.Nanosecond()), unit: unit}
	for _, day := range append([]string{"1972-01-01"}, leapDays()...) {
		from, _ := time.Parse(time.DateOnly, day) // they are written below
		ahead := float64(leapSeconds(from))
		c.leaps = append(c.leaps, leap{float64(from.Unix()) + ahead, ahead})
	}
	return c
}

// zero is the instant from which words count.
func zero() time.Time { return time.Date(1850, 1, 1, 0, 0, 0, 0, time.UTC) }

// Unix is the seconds of a number since 1970-01-01T00:00:00 UTC, as clocks of computers count them: without leap seconds. NaN where it is
// no time.
func (c Clock) Unix(v float64) float64 {
	v *= c.unit
	if !(math.Abs(v) < 1e10) {
		return math.NaN()
	}
	const second = 1_000_000_000
	v += float64(c.epoch/second+zero().Unix()) + float64(c.epoch%second)/second
	for i := len(c.leaps) - 1; i >= 0; i-- {
		if v >= c.leaps[i].from {
			return v - c.leaps[i].ahead
		}
	}
	return v
}

// Word is the word of a number; 0 where it is no time that has one. Whole seconds and the rest are added as integers: a float64 of
// nanoseconds would be some ten of them off.
func (c Clock) Word(v float64) uint64 {
	v *= c.unit
	if !(math.Abs(v) < 1e10) {
		return 0
	}
	whole := math.Floor(v)
	w, _ := Time(c.epoch + int64(whole)*1e9 + int64(math.RoundToEven((v-whole)*1e9)))
	return w
}

// Elapsed is how many seconds pass from one instant of UTC to another, leap seconds included.
func Elapsed(from, to time.Time) float64 {
	whole := to.Unix() - from.Unix() + leapSeconds(to) - leapSeconds(from)
	return float64(whole) + float64(to.Nanosecond()-from.Nanosecond())/1e9
}

// leapDays are the days from which on there is one more leap second (IERS Bulletin C).
func leapDays() []string {
	return []string{
		"1972-07-01", "1973-01-01", "1974-01-01", "1975-01-01", "1976-01-01", "1977-01-01", "1978-01-01", "1979-01-01", "1980-01-01",
		"1981-07-01", "1982-07-01", "1983-07-01", "1985-07-01", "1988-01-01", "1990-01-01", "1991-01-01", "1992-07-01", "1993-07-01",
		"1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01", "2006-01-01", "2009-01-01", "2012-07-01", "2015-07-01", "2017-01-01",
	}
}

// leapSeconds is GPS time less UTC, before 1972 none.
func leapSeconds(t time.Time) int64 {
	day := t.UTC().Format(time.DateOnly)
	if day < "1972-01-01" {
		return 0
	}
	n := int64(10 - 19) // in 1972 TAI was 10 s ahead, and GPS time is 19 s behind TAI
	for _, d := range leapDays() {
		if day >= d {
			n++
		}
	}
	return n
}
