// Package mapview presents shard maps: counts, summaries, images, GeoJSON. Its tests are those of zagg shardmap, in cmd/zagg/cli.
package mapview

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/internal/shardmap"
)

// largest is the longest GeoJSON file that is read, in bytes.
const largest = 2 << 30

// Canonical rewrites a map's keys and signature as the grid has them, and puts shards in the order of keys. labels spells
// keys as their labels instead.
func Canonical(ctx context.Context, grid core.Grid, m *shardmap.Map, labels bool) ([]core.Shard, error) {
	shards, err := grid.Shards(ctx, m.Keys)
	if err != nil {
		return nil, err
	}
	m.GridSignature = grid.Info().Signature
	if labels {
		if err := m.Explicit(ctx, grid); err != nil {
			return nil, err
		}
	}
	for i := range shards {
		m.Keys[i] = shards[i].Key
	}
	if err := m.Check(); err != nil { // two spellings of one shard
		return nil, err
	}
	m.Sort()
	if shards, err = grid.Shards(ctx, m.Keys); err != nil {
		return nil, err
	}
	for i := range shards {
		if labels {
			m.Keys[i] = core.ShardKey(shards[i].Label)
		}
	}
	return shards, nil
}

// A shardFeature is a shard in GeoJSON. Keys are text there: many programs read numbers as floats.
type shardFeature struct {
	Type       string       `json:"type"`
	ID         string       `json:"id"`
	Properties shardMembers `json:"properties"`
	Geometry   any          `json:"geometry"`
}

type shardMembers struct {
	Key      string          `json:"shard_key"`
	Label    string          `json:"label"`
	Count    int             `json:"granule_count"`
	AreaKM2  float64         `json:"area_km2"`
	Granules json.RawMessage `json:"granules"`
	AOIMask  json.RawMessage `json:"aoi_mask,omitempty"`
}

// WriteGeoJSON writes a map as features, one a line.
func WriteGeoJSON(to io.Writer, m *shardmap.Map, shards []core.Shard) error {
	w := bufio.NewWriter(to)
	head, err := json.Marshal(map[string]json.RawMessage{"zagg:metadata": object(m.Metadata), "zagg:grid_signature": object(m.GridSignature)})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `{"type":"FeatureCollection",%s,"features":[`, head[1:len(head)-1])
	for i := range shards {
		granules, err := m.GranulesJSON(i)
		if err != nil {
			return err
		}
		f := shardFeature{Type: "Feature", ID: shards[i].Label, Geometry: geometry.OutlineGeoJSON(&shards[i].Outline), Properties: shardMembers{
			Key: string(m.Keys[i]), Label: shards[i].Label, Count: len(m.Granules[i]), AreaKM2: shards[i].AreaKM2, Granules: granules}}
		if m.AOIMask != nil {
			f.Properties.AOIMask = m.AOIMask[i]
		}
		text, err := json.Marshal(f)
		if err != nil {
			return err
		}
		sep := ",\n"
		if i == 0 {
			sep = "\n"
		}
		w.WriteString(sep)
		w.Write(text)
	}
	w.WriteString("\n]}\n")
	return w.Flush()
}

func object(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("{}")
	}
	return raw
}

// Read reads a shard map, or what WriteGeoJSON made of one, from a path or URL.
func Read(ctx context.Context, name string) (*shardmap.Map, error) {
	if strings.ToLower(path.Ext(name)) != ".geojson" {
		return run.ReadMap(ctx, name)
	}
	store, err := drivers.Open(ctx, drivers.Environment(), name)
	if err != nil {
		return nil, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, largest)
	if err != nil {
		return nil, err
	}
	var c struct {
		Metadata  json.RawMessage `json:"zagg:metadata"`
		Signature json.RawMessage `json:"zagg:grid_signature"`
		Features  []struct {
			Properties shardMembers `json:"properties"`
		} `json:"features"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, core.Errorf(core.Corrupt, "shard map", name, "%w", err)
	}
	if len(c.Signature) == 0 {
		return nil, core.Errorf(core.Invalid, "shard map", name, "it has no zagg:grid_signature; only GeoJSON that zagg shardmap convert wrote can be converted back")
	}
	m := &shardmap.Map{Metadata: c.Metadata, GridSignature: c.Signature}
	granules := make([]json.RawMessage, len(c.Features))
	for i := range c.Features {
		p := &c.Features[i].Properties
		m.Keys = append(m.Keys, core.ShardKey(p.Key))
		granules[i] = p.Granules
		if len(p.AOIMask) > 0 || m.AOIMask != nil {
			m.AOIMask = append(m.AOIMask, p.AOIMask)
		}
	}
	err = m.SetGranulesJSON(granules)
	if err == nil {
		err = m.Check()
	}
	if err != nil {
		return nil, core.Wrap(err, "", name)
	}
	return m, nil
}
