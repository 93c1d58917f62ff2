package sphere

// Cells with four corners. Three tests follow each other, each for what the one before left open: discs (ClipDisc,
// Touch), corners (look) and the distance between the edge and the cell's sides (study).

import "math"

// A Disc is what is quickly known of a cell: a disc around it and a disc within it, with one centre. Radii are
// chords.
type Disc struct {
	Center Vec
	Outer  float64 // no point of the cell is farther from Center, as a chord
	Inner  float64 // every point that is not farther from Center is of the cell, as a chord
}

// A Quad is a cell with four corners and sides that are nearly arcs, smaller than a hemisphere.
type Quad struct {
	Disc
	Corners [4]Vec  // counter-clockwise; points of the cell
	Bulge   float64 // at least the angle by which a side leaves the arc between its corners, and the arc the side
}

// ClipDisc makes out the piece of p in a cell within the cap or cell to which p was clipped, in out's own memory. Covers
// is said if the cell is covered, though parts of the disc around it may not be; then out is not to be used. p must stay as
// it is while out is in use.
func (p *Piece) ClipDisc(d *Disc, out *Piece) Relation {
	r := p.region
	t := r.tests.of(d)
	*out = Piece{region: r, list: out.list[:0], at: d.Center, within: Full()}
	p.near(d.Center, t.reach, d.Outer, out)
	if t.covers > 0 && r.anyWithin(out.list, d.Center, NewReach(t.covers)) {
		return Covers
	}
	return p.settleLater(out, d.Outer)
}

// Touch reports whether an edge, margin included, certainly enters a cell within the one to which p was clipped. If
// not, out has the edges that may, in its own memory: when it is empty, none does. Whether the cell is inside of a
// polygon is not considered.
func (p *Piece) Touch(d *Disc, out *Piece) bool {
	r := p.region
	t := r.tests.of(d)
	*out = Piece{region: r, list: out.list[:0]}
	for _, i := range p.list[:p.items] {
		if i < 0 && r.arcs[r.spans[^i].first].A.Chord2(d.Center) <= t.touch.chord2 {
			return true
		}
	}
	p.near(d.Center, t.reach, 0, out)
	return r.anyWithin(out.list, d.Center, t.touch)
}

// Meets is Touch with all that is known of a cell. If it returns false, p keeps only the edges that may enter the
// cell: none does when p is Empty, otherwise smaller cells decide more.
func (p *Piece) Meets(q *Quad) bool {
	r := p.region
	n := 0
	for _, i := range p.list[:p.items] {
		switch r.tests.look(q, &r.arcs[i]) {
		case Covers:
			return true
		case Near:
			p.list[n] = i
			n++
		}
	}
	p.list, p.items = p.list[:n], n
	if n == 0 {
		return false
	}
	sides, n := q.sides(), 0
	for _, i := range p.list[:p.items] {
		switch r.study(q, &sides, i) {
		case Covers:
			return true
		case Near:
			p.list[n] = i
			n++
		}
	}
	p.list, p.items = p.list[:n], n
	return false
}

// tests are the angles and sines with which edges are compared; most is for saying that an edge is apart, least for
// saying that it certainly touches.
type tests struct {
	most, least        float64 // the margin and how far edges may be off, and without
	mostChord, mostSin float64
	leastSin           float64 // may be negative
}

// testsOf are the tests for a margin and edges off their lines by so much, angles.
func testsOf(margin, slack float64) tests {
	most, least := min(margin+slack+rounding, math.Pi), min(margin-slack, math.Pi)
	t := tests{most: most, least: least, mostChord: chord(most), mostSin: 2, leastSin: math.Sin(min(least, 1.5))}
	if most < 1.5 {
		t.mostSin = math.Sin(most)
	}
	return t
}

// chord is the straight distance that an angle in [0, π] spans; larger angles count as π.
func chord(angle float64) float64 { return 2 * math.Sin(min(angle, math.Pi)/2) }

// A discTest is what edges are compared with for one cell.
type discTest struct {
	reach  Reach   // an edge that stays farther from the centre is apart
	touch  Reach   // an edge that comes as near to the centre meets the cell
	covers float64 // angle: an edge nearer to the centre has all of the cell within its margin
}

func (t *tests) of(d *Disc) discTest {
	// The chord of a sum of angles is less than the sum of chords, and a sine less than its chord or angle.
	far := d.Outer + t.mostChord
	out := discTest{
		reach:  Reach{sin: far, chord2: far * far},
		touch:  lessThan(d.Inner + t.least),
		covers: t.least - 1.1*d.Outer,
	}
	if far > 1.2 {
		out.reach.sin = 2
	}
	return out
}

// lessThan is a reach of somewhat less than an angle; none for a negative one.
func lessThan(angle float64) Reach {
	switch {
	case angle < 0:
		return Reach{sin: -1, chord2: -1}
	case angle > 1:
		return NewReach(angle)
	}
	return Reach{sin: angle * (1 - angle*angle/6), chord2: angle * angle * (1 - angle*angle/12)}
}

// look compares an edge with the corners of a cell: Covers for one that certainly enters it.
func (t *tests) look(q *Quad, e *Arc) Relation {
	if e.IsPoint() {
		return Near
	}
	// The sines of the corners' distances from the edge's great circle, positive to the left.
	a, b := q.Corners[0].Dot(e.Normal), q.Corners[1].Dot(e.Normal)
	c, d := q.Corners[2].Dot(e.Normal), q.Corners[3].Dot(e.Normal)
	lo, hi := min(a, b, c, d), max(a, b, c, d)
	switch beyond := t.mostSin + q.Bulge; {
	case lo > beyond || hi < -beyond:
		return Apart
	case lo < t.leastSin && hi > -t.leastSin && e.beside(q, max(0, -t.leastSin)):
		return Covers // a corner is within the margin, or corners are on both sides
	}
	return Near
}

// beside reports whether all corners lie beside the edge rather than beyond its ends, by as much as a sine.
func (e *Arc) beside(q *Quad, by float64) bool {
	for i := range q.Corners {
		if !(q.Corners[i].Dot(e.ta) > by && q.Corners[i].Dot(e.tb) > by) {
			return false
		}
	}
	return true
}

// study measures the distance between edge i and the cell. An edge that stands for a line of a planar region is
// halved until its error is as small as that of the cell's sides.
func (r *Region) study(q *Quad, s *sides, i int32) Relation {
	if r.lines == nil || r.lines[i] == (segment{}) {
		return s.relate(&r.arcs[i], r.margin, 0)
	}
	return r.studyLine(q, s, r.lines[i])
}

func (r *Region) studyLine(q *Quad, s *sides, l segment) Relation {
	arc, ok := l.arc()
	if !ok {
		return Near
	}
	slack := l.slack()
	tests := testsOf(r.margin, slack)
	if relation := tests.look(q, &arc); relation != Near {
		return relation
	}
	relation := s.relate(&arc, r.margin, slack)
	if relation != Near || slack <= max(q.Bulge, rounding) {
		return relation
	}
	relation = Apart
	for _, half := range l.halves() {
		switch r.studyLine(q, s, half) {
		case Covers:
			return Covers
		case Near:
			relation = Near
		}
	}
	return relation
}

// sides are the arcs between a quad's corners.
type sides struct {
	arcs  [4]Arc
	bulge float64
}

func (q *Quad) sides() sides {
	s := sides{bulge: q.Bulge}
	for i := range s.arcs {
		s.arcs[i], _ = NewArc(q.Corners[i], q.Corners[(i+1)%4])
	}
	return s
}

// depth is how far inside of the arcs a point is, as a sine; negative outside.
func (s *sides) depth(p Vec) float64 {
	return min(s.arcs[0].Normal.Dot(p), s.arcs[1].Normal.Dot(p), s.arcs[2].Normal.Dot(p), s.arcs[3].Normal.Dot(p))
}

// relate compares the distance of an edge, which may be off its line by slack, with a margin: Covers if the edge
// certainly enters the cell. Angles are radians.
func (s *sides) relate(e *Arc, margin, slack float64) Relation {
	depth := max(s.depth(e.A), s.depth(e.B))
	off := s.bulge + slack + rounding
	if depth > off {
		return Covers
	}
	distance := 0.0
	if depth < 0 {
		distance = min(e.apart(&s.arcs[0]), e.apart(&s.arcs[1]), e.apart(&s.arcs[2]), e.apart(&s.arcs[3]))
	}
	switch {
	case distance+off <= margin:
		return Covers
	case distance-off > margin:
		return Apart
	}
	return Near
}
