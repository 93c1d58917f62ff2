package sphere

// How wide polygons are: a bound that spares the question whether a disc is inside one that has no room for it.

// width is a chord such that every inner point of a shape is as close to its border, 2 if none is known.
//
// Draw triangles that go to and fro between the two ends of a ring: v₀ vₙ₋₁ v₁, vₙ₋₁ v₁ vₙ₋₂, … Each has one edge of the ring,
// and their borders together are the ring, other sides being drawn twice. So an inner point lies in one of them, and is
// no farther from that triangle's edge than the corner opposite, if no side is as long as a right angle. Of the strips along ground tracks that outlines in
// catalogs are, this is the width.
func (r *Region) width(s shape, around Cap) float64 {
	rings, ok := s.(polygon)
	if !ok || around.Radius > 0.7 {
		return 2
	}
	widest := 0.0
	for _, ring := range rings {
		n := len(ring.arcs)
		for i, k := 0, n-1; i < k; {
			// The edge from i to i+1, seen from k, and then that from k-1 to k, seen from i+1.
			widest = max(widest, ring.arcs[i].Distance(ring.arcs[k].A))
			if i++; i < k {
				widest = max(widest, ring.arcs[k-1].Distance(ring.arcs[i].A))
				k--
			}
		}
	}
	return min(widest+rounding, 2)
}
