package places

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// Adjust puts another latitude convention (""; none) and another order of shards (nil: none) into a grid's JSON. Grids say how fine they
// are by a pair of members, of which the first is of shards.
func Adjust(grid, latitude string, order *int) (string, error) {
	keys := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(grid), &keys); err != nil {
		return "", core.Errorf(core.Invalid, "--grid", grid, "%w", err)
	}
	if latitude != "" {
		keys["latitude"], _ = json.Marshal(latitude) // a string always can be
	}
	if order != nil {
		pairs := [][2]string{{"parent_order", "child_order"}, {"parent_resolution", "child_resolution"}}
		i := slices.IndexFunc(pairs, func(p [2]string) bool { return keys[p[0]] != nil })
		if i < 0 {
			return "", core.Errorf(core.Unsupported, "--order", strconv.Itoa(*order), "this grid has no orders; leave --order out for its shards")
		}
		n := json.RawMessage(strconv.Itoa(*order))
		keys[pairs[i][0]], keys[pairs[i][1]] = n, n
		delete(keys, "chunk_inner")
	}
	text, err := json.Marshal(keys)
	return string(text), err
}

// Cover lists the shards that meet the union of places, or come within a margin in metres of it, in key order, and says how rings were
// read, also of a place that is refused. Errors name the place.
func Cover(ctx context.Context, grid core.Grid, places []Place, edges geometry.Edges, margin float64) (keys []core.ShardKey, read []geometry.Reading, err error) {
	var regions []core.Region
	var names []string
	for _, f := range places {
		if len(f.Shapes) == 0 {
			continue
		}
		region, readings, err := geometry.Reader{Edges: edges}.Region(f.Shapes)
		if err != nil && f.Name != "" {
			err = core.Wrapf(err, "", "", "%s: %w", f.Name, err)
		}
		if err != nil {
			return nil, read, err
		}
		for i := range readings {
			if f.Name != "" {
				readings[i].Place = f.Name + ", " + readings[i].Place
			}
		}
		read = append(read, readings...)
		region.Margin = margin
		regions, names = append(regions, region), append(names, f.Name)
	}
	covers, err := grid.Cover(ctx, regions)
	if err != nil {
		for i := range regions { // which one is it?
			if _, own := grid.Cover(ctx, regions[i:i+1]); own != nil && ctx.Err() == nil && names[i] != "" {
				return nil, read, core.Wrapf(own, "", "", "%s: %w", names[i], own)
			}
		}
		return nil, read, err
	}
	keys = slices.Concat(covers...)
	slices.SortFunc(keys, core.CompareKeys)
	return slices.Compact(keys), read, nil
}

// Write prints shards, one a line, or as one JSON object of lists.
func Write(ctx context.Context, out io.Writer, grid core.Grid, keys []core.ShardKey, asJSON bool) error {
	w := bufio.NewWriter(out)
	l := &lists{out: w, json: asJSON, packed: packed(grid), Keys: []core.ShardKey{}, Labels: []string{}}
	const describe = 1 << 12 // shards at a time: they come with outlines
	fmt.Fprint(w, l.head())
	for part := range slices.Chunk(keys, describe) {
		shards, err := grid.Shards(ctx, part)
		if err != nil {
			return err
		}
		l.add(shards)
	}
	if err := l.finish(); err != nil {
		return err
	}
	return w.Flush()
}

// packed reports whether a grid's shards are keyed by packed words, of which the block is the nested id: the attributes of its group say
// so, by the convention morton-dggs.
func packed(grid core.Grid) bool {
	var attrs struct {
		DGGS struct {
			Name string `json:"name"`
		} `json:"dggs"`
	}
	return json.Unmarshal(grid.Info().Frame.Attrs, &attrs) == nil && attrs.DGGS.Name == "morton"
}

// lists are shards as they are printed.
type lists struct {
	out          io.Writer
	json, packed bool
	Keys         []core.ShardKey `json:"shard_keys"`
	Labels       []string        `json:"labels"`
	Nested       []int64         `json:"nested,omitempty"`
	Morton       []core.ShardKey `json:"morton,omitempty"`
}

// head is the first line of the text.
func (l *lists) head() string {
	if l.json {
		return ""
	}
	return "shard_key,label,block\n"
}

func (l *lists) add(shards []core.Shard) {
	for i := range shards {
		s := &shards[i]
		if !l.json {
			fmt.Fprintf(l.out, "%s,%s,%s\n", s.Key, s.Label, strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Block), " ", "/"), "[]"))
			continue
		}
		l.Keys, l.Labels = append(l.Keys, s.Key), append(l.Labels, s.Label)
		if l.packed {
			l.Nested = append(l.Nested, s.Block[0])
		}
	}
}

func (l *lists) finish() error {
	if !l.json {
		return nil
	}
	if l.packed {
		l.Morton = l.Keys
	}
	return json.NewEncoder(l.out).Encode(l)
}
