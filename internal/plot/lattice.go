package plot

import (
	"math"
	"slices"
)

// A vector is a point of the unit sphere, or a difference of two.
type vector [3]float64

func fromDegrees(lon, lat float64) vector {
	sinLon, cosLon := math.Sincos(lon * degree)
	sinLat, cosLat := math.Sincos(lat * degree)
	return vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}

func (v vector) degrees() (lon, lat float64) {
	return math.Atan2(v[1], v[0]) / degree, math.Atan2(v[2], math.Hypot(v[0], v[1])) / degree
}

func (v vector) plus(w vector) vector { return vector{v[0] + w[0], v[1] + w[1], v[2] + w[2]} }
func (v vector) minus(w vector) vector {
	return vector{v[0] - w[0], v[1] - w[1], v[2] - w[2]}
}
func (v vector) times(k float64) vector { return vector{k * v[0], k * v[1], k * v[2]} }
func (v vector) dot(w vector) float64   { return v[0]*w[0] + v[1]*w[1] + v[2]*w[2] }
func (v vector) unit() vector           { return v.times(1 / math.Sqrt(v.dot(v))) }

// Distances in units of a cell's size. Neighbours are those across a side or a corner, not the ones behind them; where a
// cell is closer than crowd no other one can be.
const (
	neighbourhood = 1.6
	crowd         = 0.65
)

// A lattice knows where cells without a value would be, so that a cell at the edge of the data ends where such a
// neighbour would begin. It is found by symmetry: opposite a neighbour there is another one, and what a cell's
// neighbours look like is what they look like a few cells on. It is made for maps on which cells can be seen as such,
// which are not many.
type lattice struct {
	reach  []float64 // how far each cell may extend, in units of its size
	ghosts []vector  // the places of cells without a value

	size    float64 // of a cell, radians
	at      []vector
	buckets map[[3]int32][]int32 // cells by position, in steps of twice the largest distance asked for
	near    [][]int32            // the neighbours of each cell
}

func newLattice(c *cells) *lattice {
	l := &lattice{size: c.size / earthKM, reach: make([]float64, len(c.lon)), buckets: map[[3]int32][]int32{}}
	for i := range c.lon {
		l.at = append(l.at, fromDegrees(c.lon[i], c.lat[i]))
		b := l.bucket(l.at[i])
		l.buckets[b] = append(l.buckets[b], int32(i))
	}
	rich := l.findNeighbours()
	for i := range l.at {
		l.reach[i] = 1
		steps := l.steps(i, nil)
		if len(steps) < 4 {
			for _, j := range l.near[i] {
				steps = l.steps(int(j), steps)
			}
			if j := l.similar(i, rich); j >= 0 {
				steps = l.steps(j, steps)
			} else { // a disc as large as the cell, where nothing else tells its shape
				l.reach[i] = 1 / math.Sqrt(math.Pi)
			}
		}
		l.haunt(i, steps)
	}
	return l
}

// bucket sizes are such that all within neighbourhood + crowd of a point are in its bucket or one beside it.
func (l *lattice) bucket(v vector) (b [3]int32) {
	for i := range b {
		b[i] = int32(math.Floor(v[i] / (l.size * (neighbourhood + crowd))))
	}
	return b
}

// around lists the cells within a distance of a point, in units of a cell's size.
func (l *lattice) around(v vector, distance float64, to []int32) []int32 {
	b := l.bucket(v)
	limit := distance * l.size * distance * l.size
	for x := b[0] - 1; x <= b[0]+1; x++ {
		for y := b[1] - 1; y <= b[1]+1; y++ {
			for z := b[2] - 1; z <= b[2]+1; z++ {
				for _, j := range l.buckets[[3]int32{x, y, z}] {
					if d := l.at[j].minus(v); d.dot(d) < limit {
						to = append(to, j)
					}
				}
			}
		}
	}
	return to
}

// findNeighbours fills near, and lists the cells that have at least four neighbours.
func (l *lattice) findNeighbours() (rich []int) {
	l.near = make([][]int32, len(l.at))
	var found []int32
	for i, v := range l.at {
		found = l.around(v, neighbourhood, found[:0])
		for _, j := range found {
			if d := l.at[j].minus(v); d.dot(d) > 0.04*l.size*l.size { // nor the cell itself, nor its double
				l.near[i] = append(l.near[i], j)
			}
		}
		if len(l.near[i]) >= 4 {
			rich = append(rich, i)
		}
	}
	return rich
}

// steps appends those from a cell to its neighbours.
func (l *lattice) steps(i int, to []vector) []vector {
	for _, j := range l.near[i] {
		to = append(to, l.at[j].minus(l.at[i]))
	}
	return to
}

// similar is the nearer of the two cells in rich around i by number (neighbours in a store are mostly near each other on
// the ground too), -1 if both are so far off that a lattice may have turned.
func (l *lattice) similar(i int, rich []int) int {
	at, _ := slices.BinarySearch(rich, i)
	best, least := -1, 50*l.size
	for _, k := range []int{at - 1, at} {
		if k < 0 || k >= len(rich) {
			continue
		}
		d := l.at[rich[k]].minus(l.at[i])
		if r := math.Sqrt(d.dot(d)); r < least {
			best, least = rich[k], r
		}
	}
	return best
}

// haunt makes ghosts where steps from a cell, forth and back, lead to no cell.
func (l *lattice) haunt(i int, steps []vector) {
	near := l.around(l.at[i], neighbourhood+crowd, nil)
	for _, s := range steps {
		for _, sign := range []float64{1, -1} {
			g := l.at[i].plus(s.times(sign)).unit()
			free := func(j int32) bool {
				d := l.at[j].minus(g)
				return d.dot(d) > crowd*crowd*l.size*l.size
			}
			if !slices.ContainsFunc(near, func(j int32) bool { return !free(j) }) {
				l.ghosts = append(l.ghosts, g)
			}
		}
	}
}
