package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/windows"
	"github.com/englacial/zagg/internal/zarr"
)

// TimeName is the dimension of windows and its coordinate: the starts of the windows.
const TimeName = "time"

// setUpWritesCells reports whether set-up writes the coordinates of cells: several jobs of a shard would write the same.
func (t *Template) setUpWritesCells() bool { return t.Compact || t.spec.Windows != nil }

// alongTime puts the windows before the other dimensions of an array. A window has objects of its own.
func (b *builder) alongTime(a *zarr.Array) {
	axis := b.t.spec.Windows
	if axis == nil {
		return
	}
	a.Shape = append([]int64{int64(axis.Count)}, a.Shape...)
	a.Shard = append([]int64{1}, a.Shard...)
	a.Chunk = append([]int64{1}, a.Chunk...)
	a.Dims = append([]string{TimeName}, a.Dims...)
}

// unused is a fill value that no time has.
const unused = `-9223372036854775808`

// windows adds the starts and the bounds of the windows, as CF has them: in days, or where they may begin at any second, in seconds.
func (b *builder) windows() error {
	all := b.t.spec.Windows
	if all == nil {
		return nil
	}
	unit, seconds := "days", int64(86400)
	if all.Schedule == windows.Explicit {
		unit, seconds = "seconds", 1
	}
	var starts, ends []int64
	for _, w := range all.Windows() {
		starts = append(starts, w.Start.Unix()/seconds)
		ends = append(ends, w.Start.Unix()/seconds, w.End.Unix()/seconds)
	}
	count := int64(all.Count)
	attrs, err := json.Marshal(map[string]string{"standard_name": "time", "axis": "T", "units": unit + " since 1970-01-01", "calendar": "proleptic_gregorian",
		"bounds": TimeName + "_" + bounds, "long_name": "start of the window"})
	if err != nil {
		return err
	}
	for _, a := range []axisArray{
		{&zarr.Array{Name: TimeName, Shape: []int64{count}, Shard: []int64{1}, Dims: []string{TimeName}, Attrs: attrs}, starts},
		{&zarr.Array{Name: TimeName + "_" + bounds, Shape: []int64{count, 2}, Shard: []int64{1, 2}, Dims: []string{TimeName, bounds}}, ends},
	} {
		a.array.Type, a.array.Fill, a.array.Compression, a.array.Chunk = core.Int64, json.RawMessage(unused), b.compression(), a.array.Shard
		b.t.axes = append(b.t.axes, axis{a.array, core.Raw(a.values)})
		if err := b.add(a.array); err != nil {
			return err
		}
	}
	return nil
}

type axisArray struct {
	array  *zarr.Array
	values []int64
}

// Windows are those of a store, and of a compact one its shards too; nil where there is no store yet, or one without windows.
func Windows(ctx context.Context, objects core.ObjectStore, url string) (*windows.Axis, []core.ShardKey, error) {
	old, err := existing(ctx, objects, url)
	if err != nil || old == nil || old.doc == nil {
		return nil, nil, err
	}
	was, err := originIn(old.doc)
	if err != nil || was.Windows == nil {
		return nil, nil, nil // set-up says what is wrong
	}
	if err := was.Windows.Check(); err != nil {
		return nil, nil, core.Wrap(err, "", url)
	}
	var keys []core.ShardKey
	if old.made != nil {
		keys = old.made.Shards
	}
	return was.Windows, keys, nil
}

// grows reports whether a store is what this run would write but for windows at its end.
func (t *Template) grows(ctx context.Context, objects core.ObjectStore, url string, old *found) (bool, error) {
	if t.spec.Windows == nil || old.doc == nil {
		return false, nil
	}
	was, err := originIn(old.doc)
	if err != nil || was.Windows == nil || was.Windows.Check() != nil {
		return false, nil // another store, or a damaged one
	}
	if grown, err := was.Windows.Grown(t.spec.Windows); err != nil || grown.Count != t.spec.Windows.Count {
		return false, nil
	}
	spec := t.spec
	spec.Windows = was.Windows
	before, err := New(spec)
	if err != nil {
		return false, err
	}
	return before.fits(ctx, objects, url, old)
}

// grow makes room for windows at the end: it writes metadata, and coordinates that are not there yet. What was computed stays as it is.
func (t *Template) grow(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan, m *made) error {
	var there map[string]Object
	if m != nil {
		faults, err := m.faults(ctx, objects, url, nil, false)
		if err != nil {
			return err
		}
		there = t.sound(m, faults)
	}
	if err := putJSON(ctx, objects, At(url).Config(), core.ShownJSON(t.spec.Config.JSON())); err != nil {
		return err
	}
	return t.makeAgain(ctx, objects, url, p, there)
}

// ofCells reports whether an object is of coordinates of cells.
func (t *Template) ofCells(path string) bool {
	return slices.ContainsFunc(t.coords, func(a *zarr.Array) bool { return strings.HasPrefix(path, zarr.Join(t.Group(), a.Name, "c")+"/") })
}

// hasCells reports whether a set-up has written the coordinates of all planned shards.
func (t *Template) hasCells(m *made, p *plan.Plan) bool {
	if t.Compact || len(t.coords) == 0 {
		return true
	}
	there := make(map[string]bool, len(m.Objects))
	for _, o := range m.Objects {
		there[o.Path] = true
	}
	for i := range p.Places {
		for _, a := range t.coords {
			if !there[zarr.Join(t.Group(), a.Name, a.Key(p.Places[i].Block))] {
				return false
			}
		}
	}
	return true
}

// WindowsText tells the windows that the store is laid out for apart from any others; "" without windows.
func (t *Template) WindowsText() string {
	w := t.spec.Windows
	if w == nil {
		return ""
	}
	return fmt.Sprint(w.First, w.Count, w.List)
}
