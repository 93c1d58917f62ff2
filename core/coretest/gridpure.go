package coretest

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc64"
	"maps"
	"math"
	"reflect"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// checkNames: a CellNamer names the cells that Cells and Locate speak of, and no cell where there is no place.
func (g *gridSuite) checkNames(c *check) {
	namer, ok := g.grid.(core.CellNamer)
	if !ok {
		c.absent("the grid is no core.CellNamer")
	}
	for i := range g.homes[:min(len(g.homes), c.few(10))] {
		h := &g.homes[i]
		if len(h.centres) == 0 {
			continue
		}
		var lon, lat []float64
		for _, p := range h.centres {
			lon, lat = append(lon, p.Lon), append(lat, p.Lat)
		}
		names := g.names(c, namer, lon, lat)
		cells, err := g.grid.Cells(c.ctx, h.Key)
		c.must(err, "Cells of shard "+string(h.Key))
		for k := range names {
			checkNamesOfCells(c, h, &names[k], cells)
		}
	}
	nan := math.NaN()
	nowhere := g.names(c, namer, []float64{nan, 0, math.Inf(1), 0}, []float64{0, nan, 0, 90.1})
	for i := range nowhere {
		zero := bytes.Count(nowhere[i].Data, []byte{0}) == len(nowhere[i].Data)
		c.that(zero && (nowhere[i].Offsets == nil || nowhere[i].Offsets[4] == 0), "Names gives %s to points that are not on Earth; want 0 or \"\"", nowhere[i].Name)
	}
	g.names(c, namer, nil, nil)
	c.refused(c.guard("Names with slices of different lengths", func() error {
		_, err := namer.Names(c.ctx, make([]float64, 2), make([]float64, 1))
		return err
	}), "Names with slices of different lengths", core.Invalid)
}

func (g *gridSuite) names(c *check, namer core.CellNamer, lon, lat []float64) []core.Column {
	c.Helper()
	names, err := namer.Names(c.ctx, lon, lat)
	c.must(err, "Names")
	c.that(len(names) > 0, "Names gives no columns")
	seen := map[string]bool{}
	for i := range names {
		c.that(names[i].Name != "" && !seen[names[i].Name], "Names gives two columns %q, or one without a name", names[i].Name)
		seen[names[i].Name] = true
		checkColumn(c, "column "+names[i].Name+" of Names", &names[i], len(lon))
	}
	return names
}

// checkNamesOfCells: where Names has a column of Cells, it has its values; shard_key is the key of the shard.
func checkNamesOfCells(c *check, h *home, name *core.Column, cells []core.Column) {
	size := max(name.Width, 1) * name.Type.Size()
	for k := range cells {
		if cells[k].Name != name.Name || name.Offsets != nil {
			continue
		}
		c.that(cells[k].Type == name.Type, "%s is %s in Cells, %s in Names", name.Name, cells[k].Type, name.Type)
		for i, slot := range h.slots {
			a, b := name.Data[i*size:(i+1)*size], cells[k].Data[int(slot)*size:(int(slot)+1)*size]
			c.that(bytes.Equal(a, b), "%v, the centre of slot %d of shard %q, has %s %s by Names, %s by Cells", h.centres[i], slot, h.Key, name.Name, elementText(name, i), elementText(&cells[k], int(slot)))
		}
	}
	if name.Name != "shard_key" {
		return
	}
	for i := range h.centres {
		var key string
		if name.Offsets != nil {
			key = string(name.Data[name.Offsets[i]:name.Offsets[i+1]])
		} else {
			key = elementText(name, i)
		}
		c.that(key == string(h.Key), "%v is in shard %q, Names says %q", h.centres[i], h.Key, key)
	}
}

// An answer is what one method of a thing gave, to be compared.
type answer struct {
	what string
	ask  func(ctx context.Context) (any, error)
	want any
}

// questions are one of each method.
func (g *gridSuite) questions(c *check) []answer {
	var out []answer
	add := func(what string, ask func(context.Context) (any, error)) {
		out = append(out, answer{what: what, ask: ask})
	}
	var regions []core.Region
	for _, a := range append(g.capAreas(c), g.trackAreas(c)...) {
		regions = append(regions, a.region)
	}
	c.rand.Shuffle(len(regions), func(i, k int) { regions[i], regions[k] = regions[k], regions[i] })
	regions = regions[:min(len(regions), 8)]
	add("Cover", func(ctx context.Context) (any, error) { return g.grid.Cover(ctx, regions) })
	add("Info", func(context.Context) (any, error) { return g.grid.Info(), nil })
	for i := range g.homes[:min(len(g.homes), 3)] {
		h := &g.homes[i]
		add("Shards", func(ctx context.Context) (any, error) { return g.grid.Shards(ctx, []core.ShardKey{h.Key}) })
		if g.info.Frame.Slots() <= 1<<16 {
			add("Cells", func(ctx context.Context) (any, error) {
				columns, err := g.grid.Cells(ctx, h.Key)
				return bitsOf(columns), err
			})
		}
		var lon, lat []float64
		for range c.few(5000) {
			p := nearby(c.rand, h.center(), h.side)
			lon, lat = append(lon, p.Lon), append(lat, p.Lat)
		}
		add("Locate", func(ctx context.Context) (any, error) {
			slot := make([]int32, len(lon))
			return slot, g.grid.Locate(ctx, h.Key, lon, lat, slot)
		})
	}
	return out
}

// bitsOf is columns in short, equal only for equal bytes (NaN is not equal to itself).
func bitsOf(columns []core.Column) []string {
	var out []string
	for i := range columns {
		c := &columns[i]
		sum := crc64.Checksum(c.Data, crc64.MakeTable(crc64.ECMA))
		out = append(out, fmt.Sprintf("%s %s %d %v %x %x", c.Name, c.Type, c.Width, c.Offsets, c.Fill, sum))
	}
	return out
}

// ask asks all questions once.
func ask(c *check, questions []answer) {
	c.Helper()
	for i := range questions {
		var err error
		questions[i].want, err = questions[i].ask(c.ctx)
		c.must(err, questions[i].what)
	}
}

// checkPure: the same question has the same answer, whatever was asked before.
func (g *gridSuite) checkPure(c *check) {
	questions := g.questions(c)
	ask(c, questions)
	for range 20 {
		q := &questions[c.rand.IntN(len(questions))]
		got, err := q.ask(c.ctx)
		c.must(err, q.what)
		c.that(reflect.DeepEqual(got, q.want), "%s gives another answer the second time", q.what)
	}
	c.that(reflect.DeepEqual(g.grid.Info(), g.info), "Info has changed while the grid was used")
}

// checkConcurrent: questions asked at the same time have the answers they have one after the other.
func (g *gridSuite) checkConcurrent(c *check) { concurrently(c, g.questions(c), 4) }

// concurrently asks questions from several goroutines in different orders.
func concurrently(c *check, questions []answer, rounds int) {
	c.Helper()
	ask(c, questions)
	var wait sync.WaitGroup
	var mu sync.Mutex
	wrong := map[string]error{}
	for worker := range 8 {
		wait.Go(func() {
			for k := range c.few(rounds) * len(questions) {
				q := &questions[(k*(2*worker+1)+worker)%len(questions)]
				if got, err := q.ask(c.ctx); err != nil || !reflect.DeepEqual(got, q.want) {
					mu.Lock()
					wrong[q.what] = err
					mu.Unlock()
					return
				}
			}
		})
	}
	wait.Wait()
	for _, what := range slices.Sorted(maps.Keys(wrong)) {
		c.Errorf("%s gives another answer, or an error (%v), when it is called from several goroutines at once", what, wrong[what])
	}
}
