package geometry

import (
	"cmp"
	"math"
	"slices"
)

// cut is what rings (a shell and holes, wound against each other) enclose, as polygons in longitudes within ±180.
func cut(rings [][]xy) [][][]xy {
	west, east := math.Inf(1), math.Inf(-1)
	for _, r := range rings {
		for _, v := range r {
			west, east = min(west, v[0]), max(east, v[0])
		}
	}
	var out [][][]xy
	for turn := 360 * math.Floor((west+180)/360); turn-180 < east; turn += 360 {
		out = append(out, cutTurn(rings, turn)...)
	}
	return out
}

// cutTurn is cut of what is on the map that is a turn away.
func cutTurn(rings [][]xy, turn float64) [][][]xy {
	parts := half(half(rings, turn+180, 1), turn-180, -1)
	for _, r := range parts {
		for i := range r {
			r[i][0] -= turn
		}
	}
	return assemble(parts)
}

// assemble makes polygons of shells and the holes in them, closed.
func assemble(rings [][]xy) [][][]xy {
	var out [][][]xy
	var holes [][]xy
	for _, r := range rings {
		switch area := twiceArea(r); {
		case area > 0:
			out = append(out, [][]xy{append(r, r[0])})
		case area < 0:
			holes = append(holes, r)
		}
	}
	for _, h := range holes {
		for i := range out {
			if inFlat(out[i][0], h[0]) {
				out[i] = append(out[i], append(h, h[0]))
				break
			}
		}
	}
	return out
}

func twiceArea(r []xy) float64 {
	sum := 0.0
	for i, a := range r {
		b := r[(i+1)%len(r)]
		sum += (a[0]-r[0][0])*(b[1]-r[0][1]) - (b[0]-r[0][0])*(a[1]-r[0][1])
	}
	return sum
}

// inFlat reports whether a point is inside a ring.
func inFlat(r []xy, p xy) bool {
	odd := false
	for i, a := range r {
		b := r[(i+1)%len(r)]
		if (a[0] > p[0]) != (b[0] > p[0]) && a[1]+(p[0]-a[0])/(b[0]-a[0])*(b[1]-a[1]) > p[1] {
			odd = !odd
		}
	}
	return odd
}

// half is the part of what rings enclose where side·(x-at) ≤ 0. What is left of the rings are chains that begin and end on
// the cut. Along it, inside and outside alternate at their ends: of the ends in order of latitude the first is joined to the
// second, the third to the fourth, and so on.
func half(rings [][]xy, at, side float64) [][]xy {
	var out, chains [][]xy
	for _, r := range rings {
		whole, parts := split(r, at, side)
		out, chains = append(out, whole...), append(chains, parts...)
	}
	type end struct {
		chain int
		start bool
		y     float64
	}
	var ends []end
	for i, c := range chains {
		ends = append(ends, end{i, true, c[0][1]}, end{i, false, c[len(c)-1][1]})
	}
	slices.SortStableFunc(ends, func(a, b end) int { return cmp.Compare(a.y, b.y) })
	next := make([]int, len(chains)) // the chain that begins where one ends
	for i := 0; i+1 < len(ends); i += 2 {
		a, b := ends[i], ends[i+1]
		if a.start {
			a, b = b, a
		}
		next[a.chain] = b.chain
	}
	used := make([]bool, len(chains))
	for i := range chains {
		var ring []xy
		for k := i; !used[k]; k = next[k] {
			used[k] = true
			ring = append(ring, chains[k]...)
		}
		if ring = slices.Compact(ring); len(ring) > 1 && ring[0] == ring[len(ring)-1] {
			ring = ring[:len(ring)-1]
		}
		if len(ring) > 2 {
			out = append(out, ring)
		}
	}
	return out
}

// split is a ring, if it is on the side of a cut, or else its chains there: runs of edges from cut to cut.
func split(r []xy, at, side float64) (whole, chains [][]xy) {
	var points []xy
	depth := func(v xy) float64 { return side * (v[0] - at) } // negative on the side that is kept
	for i, a := range r {
		b := r[(i+1)%len(r)]
		points = append(points, a)
		if da, db := depth(a), depth(b); da < 0 && db > 0 || da > 0 && db < 0 {
			points = append(points, xy{at, a[1] + da/(da-db)*(b[1]-a[1])})
		}
	}
	n := len(points)
	kept := func(i int) bool { // the edge from point i
		return depth(points[i%n]) < 0 || depth(points[(i+1)%n]) < 0
	}
	from := 0
	for from < n && kept(from) {
		from++
	}
	if from == n {
		return [][]xy{points}, nil
	}
	var chain []xy
	for i := from + 1; i <= from+n; i++ {
		switch {
		case kept(i) && i < from+n:
			if chain == nil {
				chain = append(chain, points[i%n])
			}
			chain = append(chain, points[(i+1)%n])
		case chain != nil:
			chains = append(chains, chain)
			chain = nil
		}
	}
	return nil, chains
}
