package reduce

// Selection: putting into their places only those values whose ranks are asked for.

import (
	"math/bits"
	"slices"
)

// sortBelow is the length under which insertion sort beats another partition.
const sortBelow = 24

// selectRanks reorders a, which has no NaN, so that a[r] is what a sorted a would have there, for each r of ranks
// (ascending, distinct). It is quickselect with partitions without branches; after 2·log₂n bad ones it sorts, so that
// the worst case is n·log n.
func selectRanks[T Number](a []T, ranks []int) {
	pick(a, 0, ranks, 2*bits.Len(uint(len(a))))
}

// pick does selectRanks for the part a of the whole that begins at rank base. budget is how many more partitions it
// may make.
func pick[T Number](a []T, base int, ranks []int, budget int) {
	for len(ranks) > 0 {
		switch {
		case len(a) <= sortBelow:
			insertionSort(a)
			return
		case budget == 0:
			slices.Sort(a)
			return
		case len(ranks) == 1 && ranks[0] == base:
			leastFirst(a)
			return
		case len(ranks) == 1 && ranks[0] == base+len(a)-1:
			greatestLast(a)
			return
		}
		budget--
		p := pivot(a)
		m := below(a, p)
		if m == 0 { // p is the least: its equals are in place once they are in front
			m = notAbove(a, p)
			for len(ranks) > 0 && ranks[0] < base+m {
				ranks = ranks[1:]
			}
			a, base = a[m:], base+m
			continue
		}
		k := 0
		for k < len(ranks) && ranks[k] < base+m {
			k++
		}
		if k == len(ranks) {
			a = a[:m]
			continue
		}
		pick(a[:m], base, ranks[:k], budget)
		a, base, ranks = a[m:], base+m, ranks[k:]
	}
}

// below moves the values less than p to the front and returns how many they are. The index moves by a comparison's
// result rather than by a jump: on unordered values a jump would be mispredicted every other time.
func below[T Number](a []T, p T) int {
	j := 0
	for i, x := range a {
		a[i] = a[j]
		a[j] = x
		k := 0
		if x < p {
			k = 1
		}
		j += k
	}
	return j
}

// notAbove is below for values that are not greater than p.
func notAbove[T Number](a []T, p T) int {
	j := 0
	for i, x := range a {
		a[i] = a[j]
		a[j] = x
		k := 0
		if x <= p {
			k = 1
		}
		j += k
	}
	return j
}

// pivot is the median of three, or of three such medians.
func pivot[T Number](a []T) T {
	n := len(a)
	if n < 96 {
		return middle(a[0], a[n/2], a[n-1])
	}
	s := n / 8
	return middle(middle(a[0], a[s], a[2*s]), middle(a[3*s], a[n/2], a[5*s]), middle(a[6*s], a[7*s], a[n-1]))
}

func middle[T Number](a, b, c T) T {
	return max(min(a, b), min(max(a, b), c))
}

func leastFirst[T Number](a []T) {
	m := 0
	for i, x := range a {
		if x < a[m] {
			m = i
		}
	}
	a[0], a[m] = a[m], a[0]
}

func greatestLast[T Number](a []T) {
	m := len(a) - 1
	for i, x := range a {
		if x > a[m] {
			m = i
		}
	}
	a[len(a)-1], a[m] = a[m], a[len(a)-1]
}

func insertionSort[T Number](a []T) {
	for i := 1; i < len(a); i++ {
		x, j := a[i], i
		for ; j > 0 && x < a[j-1]; j-- {
			a[j] = a[j-1]
		}
		a[j] = x
	}
}
