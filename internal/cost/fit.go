package cost

// A Sample is what one finished shard took.
type Sample struct {
	Granules            int
	Seconds, CPUSeconds float64 // CPUSeconds 0: not measured, all seconds are taken for it
	Reads, Writes       int64
	Bytes               int64
}

// mostWholeGets is how many requests reading a granule whole takes at most: two, and some that were sent again.
const mostWholeGets = 3

// Fit takes the constants from samples of shards that were computed one by one on a function: seconds and CPU-seconds by least squares
// over the number of granules, the rest as means. How granules were read the requests tell. Constants that samples do not tell are the
// shipped ones. Without a sample that read a granule, ok is false.
func Fit(samples []Sample, f Function) (m Model, ok bool) {
	m = Direct()
	var seconds, cpu line
	var reads, writes, bytes float64
	for _, s := range samples {
		if s.Granules == 0 {
			continue
		}
		x := float64(s.Granules)
		seconds.add(x, s.Seconds)
		cpu.add(x, s.CPUSeconds)
		reads, writes, bytes = reads+float64(s.Reads), writes+float64(s.Writes), bytes+float64(s.Bytes)
	}
	if seconds.n == 0 {
		return Model{}, false
	}
	base, slope := seconds.fit()
	_, each := cpu.fit()
	if cpu.y == 0 {
		each = slope * f.cpus()
	}
	r := Reading{CPU: each, Trips: m.Pieces.Trips, Gets: reads / seconds.x, Bytes: bytes / seconds.x}
	to, n, size := &m.Pieces, seconds.x/seconds.n, 0.0
	if r.Gets <= mostWholeGets {
		r.Trips, to, size = m.Whole.Trips, &m.Whole, r.Bytes
		r.Bytes = 0
	}
	*to = r
	terms := f.seconds(to.of(int(n+0.5), int(n+0.5), int64(size*n)), int(n+0.5)) / float64(int(n+0.5))
	to.Factor = slope / terms
	m.JobSeconds = 0
	if trips := m.ShardTrips * f.Latency; base >= trips {
		m.ShardSeconds = base - trips
	} else {
		m.ShardSeconds, m.ShardTrips = 0, m.ShardTrips*base/trips
	}
	m.ShardPuts += writes/seconds.n - shippedWrites
	m.MeasuredOn = int(seconds.n)
	return m, true
}

// shippedWrites are the worker's own of the shipped ShardPuts.
const shippedWrites = 12

// A line is fitted to points by least squares.
type line struct{ n, x, y, xx, xy float64 }

func (l *line) add(x, y float64) {
	l.n, l.x, l.y, l.xx, l.xy = l.n+1, l.x+x, l.y+y, l.xx+x*x, l.xy+x*y
}

// fit gives the line that is nearest to the points and does not begin or fall below 0.
func (l *line) fit() (base, slope float64) {
	slope = l.y / l.x
	if d := l.n*l.xx - l.x*l.x; d > 0 {
		if b := (l.n*l.xy - l.x*l.y) / d; b > 0 && l.y > b*l.x {
			slope, base = b, (l.y-b*l.x)/l.n
		}
	}
	return base, slope
}
