package run

// What a run will cost: its shards and granules as jobs of the model in package cost, and calibration of that model.

import (
	"cmp"
	"context"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/shardmap"
)

// usualGranule is the size in bytes that a granule of unknown size is taken to have: that of one of the benchmark.
const usualGranule = 11.5e6

// Sizes has the sizes of granules in bytes, by address.
type Sizes struct {
	known map[string]int64
	usual int64 // of the others; 0: usualGranule
}

// of is the size of a granule in bytes, or the size that it is taken to have.
func (s *Sizes) of(url string) int64 {
	return cmp.Or(s.known[url], s.usual, int64(usualGranule))
}

// Known is the number of granules with known size. Others count as Usual.
func (s *Sizes) Known() int { return len(s.known) }

// Usual is the size in bytes assumed for a granule of unknown size.
func (s *Sizes) Usual() int64 { return s.of("") }

// lookTimeout is how long asking for sizes may take: a prediction without them is better than none.
const lookTimeout = 20 * time.Second

// look asks for the sizes of some of the granules, spread over their addresses; the others are then taken to have
// their mean. Files of this machine are all looked at. Granules that cannot be looked at are left out; the error is
// the last one's.
func (s *Sizes) look(ctx context.Context, from core.ObjectReader, urls []string, some int) (err error) {
	if s.known == nil {
		s.known = map[string]int64{}
	}
	urls = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(urls))), func(u string) bool { return s.known[u] > 0 })
	if len(urls) > 0 && !isLocal(urls[0]) {
		urls = spread(urls, some)
	}
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	sizes, errs := make([]int64, len(urls)), make([]error, len(urls))
	var g errgroup.Group
	g.SetLimit(recordsAtOnce)
	for i, u := range urls {
		g.Go(func() error {
			info, err := from.Stat(ctx, u)
			sizes[i], errs[i] = info.Size, err
			return nil
		})
	}
	g.Wait() //nolint:errcheck // each has its own
	for i, u := range urls {
		if errs[i] != nil {
			err = errs[i]
		} else if sizes[i] > 0 {
			s.known[u] = sizes[i]
		}
	}
	sum := int64(0)
	for _, n := range s.known {
		sum += n
	}
	if len(s.known) > 0 {
		s.usual = sum / int64(len(s.known))
	}
	return err
}

// spread are n elements of a list, from the first to the last, as far apart as possible; the middle one if n is 1.
func spread[T any](list []T, n int) []T {
	if n >= len(list) {
		return list
	}
	out := make([]T, n)
	for i := range out {
		out[i] = list[(2*i+1)*len(list)/(2*n)]
		if n > 1 {
			out[i] = list[i*(len(list)-1)/(n-1)]
		}
	}
	return out
}

// A Shape converts shards to the jobs of the cost model.
type Shape struct {
	Sizes   *Sizes
	Indexed bool          // granules have sidecars, and are not read whole
	Memory  int           // of a worker in MB
	Latency time.Duration // of the service that has the granules
}

// job is one job of shards, given the granules of each.
func (s *Shape) job(lists ...[]string) cost.Job {
	j := cost.Job{Shards: len(lists)}
	shards := map[string]int{}
	for _, list := range lists {
		j.Pairs += len(list)
		for _, url := range list {
			shards[url]++
		}
	}
	j.Granules = len(shards)
	for url, n := range shards {
		if size := s.Sizes.of(url); !s.Indexed && host.ReadsWhole(s.Memory, url, size, s.Latency) {
			j.Whole, j.WholePairs, j.Bytes = j.Whole+1, j.WholePairs+n, j.Bytes+size
		}
	}
	return j
}

// groups are jobs of neighbouring shards; groups has the numbers of each job's shards.
func (s *Shape) groups(groups [][]int, lists [][]string) []cost.Job {
	jobs := make([]cost.Job, len(groups))
	for i, group := range groups {
		some := make([][]string, len(group))
		for k, at := range group {
			some[k] = lists[at]
		}
		jobs[i] = s.job(some...)
	}
	return jobs
}

// MapCosts are the jobs of a shard map, for the cost model.
type MapCosts struct {
	Shape
	lists [][]string // of addresses, in key order
}

// CostsOfLists are the costs of shards in key order, given the addresses of their granules, of which no sizes are
// known.
func CostsOfLists(lists [][]string, shape Shape) *MapCosts {
	shape.Sizes = &Sizes{}
	return &MapCosts{Shape: shape, lists: lists}
}

// CostsOf looks at the granules of a shard map. Their sizes are those in the map, and those of so many more that are
// asked for. unknown is the reason why sizes could not be asked for; nil if they could.
func CostsOf(ctx context.Context, m *shardmap.Map, some int, shape Shape) (c *MapCosts, unknown error) {
	c = &MapCosts{Shape: shape}
	c.Sizes = &Sizes{known: map[string]int64{}}
	order := make([]int, len(m.Keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return core.CompareKeys(m.Keys[a], m.Keys[b]) })
	var all []string
	for _, at := range order {
		list := make([]string, len(m.Granules[at]))
		for k, rec := range m.Granules[at] {
			list[k] = rec.Data.Any()
			if rec.Size > 0 {
				c.Sizes.known[list[k]] = rec.Size
			}
		}
		c.lists, all = append(c.lists, list), append(all, list...)
	}
	if len(all) == 0 || some == 0 && !isLocal(all[0]) {
		return c, c.Sizes.look(ctx, nil, nil, 0)
	}
	from, err := drivers.Open(ctx, drivers.Environment(), all[0])
	if err != nil {
		return c, err
	}
	return c, c.Sizes.look(ctx, from, all, some)
}

// Jobs are jobs of n neighbouring shards each, in the order in which they are sent. Unless forced, n is only the
// most, and granules and bytes are bounded too, as they are in runs.
func (c *MapCosts) Jobs(n int, forced bool) []cost.Job {
	most := plan.Bound{Shards: n}
	if !forced {
		most.Granules, most.Bytes = mostGranules, int64(c.Memory)<<20/4
	}
	groups := plan.Group(c.lists, plan.NewKept(c.lists, c.Sizes.of), most)
	plan.DensestFirst(groups, c.lists)
	return c.groups(groups, c.lists)
}

// sample is how many granules' sizes a run asks for before it says what it will cost.
const sample = 5

// shapeOf tells how the shards of the run are computed by a function of so many MB.
func (r *Run) shapeOf(ctx context.Context, memoryMB int) *Shape {
	s := &Shape{Sizes: &Sizes{known: map[string]int64{}}, Indexed: r.config.DataSource.Index.Store != "", Memory: memoryMB, Latency: cost.DefaultLatency}
	var urls []string
	for i := range r.jobs {
		for _, g := range r.jobs[i].Granules {
			urls = append(urls, g.URL())
			if g.Size > 0 {
				s.Sizes.known[g.URL()] = g.Size
			}
		}
	}
	if err := s.Sizes.look(ctx, objstore.MeterReader(r.source.reader, &r.source.used), urls, sample); err != nil {
		r.note("the size of some granules could not be asked for: %v", err)
	}
	return s
}

// ConstantsName is the file beside a shard map that has the constants which a calibration found.
func ConstantsName(shardMap string) string {
	return strings.TrimSuffix(shardMap, path.Ext(shardMap)) + ".cost.yaml"
}

// ReadConstants reads a file of constants; NotFound if there is none.
func ReadConstants(name string) (cost.Model, error) {
	var m cost.Model
	data, err := os.ReadFile(name)
	switch {
	case os.IsNotExist(err):
		return m, core.Errorf(core.NotFound, "constants", name, "%w", err)
	case err != nil:
		return m, core.Errorf(core.Invalid, "constants", name, "%w", err)
	}
	if err := yaml.UnmarshalWithOptions(data, &m, yaml.Strict()); err != nil {
		return m, core.Errorf(core.Invalid, "constants", name, "%w", err)
	}
	if err := m.Check(); err != nil {
		return m, core.Errorf(core.Invalid, "constants", name, "%w", err)
	}
	return m, nil
}

// WriteConstants writes a file of constants.
func WriteConstants(name string, m cost.Model) error {
	data, err := yaml.Marshal(m)
	if err != nil {
		return core.Errorf(core.Internal, "constants", name, "%w", err)
	}
	text := "# What zagg cost --calibrate measured; zagg cost and zagg run go by it where it lies beside their shard map.\n" + string(data)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		return core.Errorf(core.Invalid, "constants", name, "%w", err)
	}
	return nil
}

// Calibrate computes so many shards of the plan, from the one with the most granules to the one with the fewest, each
// by itself, and fits the cost model to what they took. They stay in the store, where a run of all shards finds them
// done.
func Calibrate(ctx context.Context, o Options, shards int, f cost.Function) (cost.Model, *Summary, error) {
	o.spread, o.PerJob, o.Keep = shards, 1, true
	total, err := Do(ctx, o)
	if err != nil {
		return cost.Model{}, total, err
	}
	if total.Worker.Function != "" {
		f.MemoryMB = int(total.Worker.MemoryGB * 1024)
	}
	var samples []cost.Sample
	for _, row := range total.rows {
		if row.Seconds > 0 {
			samples = append(samples, cost.Sample{Granules: int(row.Granules), Seconds: row.Seconds, CPUSeconds: row.CPUSeconds, Reads: row.Reads, Writes: row.Writes, Bytes: row.BytesRead})
		}
	}
	m, ok := cost.Fit(samples, f)
	if !ok {
		return m, total, core.Errorf(core.NotFound, "--calibrate", total.Store, "no shard with granules was computed: those chosen were done before; give another --store, or --receipts with this one")
	}
	return m, total, nil
}
