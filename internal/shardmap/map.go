package shardmap

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// A Map lists for each shard the granules that may have observations in it. Keys, Granules and, if there is one,
// AOIMask are parallel.
type Map struct {
	Metadata      json.RawMessage            // an object: what the catalog was asked for, and how the map was made
	GridSignature json.RawMessage            // an object: the grid the keys belong to
	Keys          []core.ShardKey            // each once
	Granules      [][]*Record                // by shard; shards share records, which are not to be changed
	AOIMask       []json.RawMessage          // cells of the area of interest by shard, in the grid's own terms; nil: none
	Extra         map[string]json.RawMessage // members that this version does not know; written again
}

// A Record is a granule as a map lists it.
type Record struct {
	ID        string           `json:"id"`
	S3        string           `json:"s3"`    // "" if there is none; plain paths are allowed
	HTTPS     string           `json:"https"` // "" if there is none
	Assets    map[string]Asset `json:"assets,omitempty"`
	Datetime  string           `json:"datetime,omitempty"`
	TimeKey   string           `json:"time_key,omitempty"`
	TimeStart string           `json:"time_start,omitempty"` // RFC 3339
	TimeEnd   string           `json:"time_end,omitempty"`
	Size      int64            `json:"size,omitempty"` // bytes, as the catalog says; for predictions alone
}

func (r *Record) equal(o *Record) bool {
	return r.ID == o.ID && r.S3 == o.S3 && r.HTTPS == o.HTTPS && r.Datetime == o.Datetime && r.TimeKey == o.TimeKey &&
		r.TimeStart == o.TimeStart && r.TimeEnd == o.TimeEnd && r.Size == o.Size && maps.Equal(r.Assets, o.Assets)
}

// An Asset is a sibling of a granule. JSON: {s3, https}, or one address as a string.
type Asset struct {
	S3, HTTPS string
	single    bool
}

type assetJSON struct {
	S3    string `json:"s3,omitempty"`
	HTTPS string `json:"https,omitempty"`
}

// MarshalJSON writes the form that was read.
func (a Asset) MarshalJSON() ([]byte, error) {
	if a.single {
		return json.Marshal(a.S3 + a.HTTPS)
	}
	return json.Marshal(assetJSON{a.S3, a.HTTPS})
}

// UnmarshalJSON reads either form.
func (a *Asset) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var url string
		if err := json.Unmarshal(data, &url); err != nil {
			return err
		}
		*a = Asset{S3: url, single: true}
		if isHTTP(url) {
			*a = Asset{HTTPS: url, single: true}
		}
		return nil
	}
	var v assetJSON
	err := json.Unmarshal(data, &v)
	*a = Asset{S3: v.S3, HTTPS: v.HTTPS}
	return err
}

func isHTTP(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

// Granule is the record as readers take it. driver "https" takes the HTTPS addresses and anything else the S3 ones;
// where one is missing the other is taken. A record without any address is an error.
func (r *Record) Granule(driver string) (core.Granule, error) {
	g := core.Granule{ID: r.ID, Size: r.Size, Assets: make(map[string]string, 1+len(r.Assets))}
	for _, name := range slices.Sorted(maps.Keys(r.Assets)) {
		if g.Assets[name] = choose(driver, r.Assets[name].S3, r.Assets[name].HTTPS); g.Assets[name] == "" {
			return core.Granule{}, core.Errorf(core.Invalid, "shardmap", r.ID, "asset %q has no address", name)
		}
	}
	if g.Assets["data"] = choose(driver, r.S3, r.HTTPS); g.Assets["data"] == "" {
		return core.Granule{}, core.Errorf(core.Invalid, "shardmap", r.ID, "the granule has neither an s3 nor an https address")
	}
	for _, t := range []string{r.TimeStart, r.Datetime} {
		if start, err := time.Parse(time.RFC3339, t); err == nil {
			g.Start = start.UTC()
			break
		}
	}
	if end, err := time.Parse(time.RFC3339, r.TimeEnd); err == nil {
		g.End = end.UTC()
	}
	return g, nil
}

func choose(driver, s3, https string) string {
	if driver == "https" && https != "" || s3 == "" {
		return https
	}
	return s3
}

// Pairs is the number of (shard, granule) pairs.
func (m *Map) Pairs() int {
	n := 0
	for _, g := range m.Granules {
		n += len(g)
	}
	return n
}

// GranuleIDs are the ids of all granules, sorted, each once.
func (m *Map) GranuleIDs() []string {
	set := map[string]bool{}
	for _, list := range m.Granules {
		for _, r := range list {
			set[r.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Check reports lists that are not parallel, keys given twice, and granules without an id or given twice in a shard
// (their observations would count twice).
func (m *Map) Check() error {
	bad := func(subject, format string, args ...any) error {
		return core.Errorf(core.Invalid, "shardmap", subject, format, args...)
	}
	if len(m.Granules) != len(m.Keys) {
		return bad("granules", "%d lists for %d shard_keys", len(m.Granules), len(m.Keys))
	}
	if m.AOIMask != nil && len(m.AOIMask) != len(m.Keys) {
		return bad("aoi_mask", "%d entries for %d shard_keys", len(m.AOIMask), len(m.Keys))
	}
	keys := make(map[core.ShardKey]bool, len(m.Keys))
	ids := map[string]bool{}
	for i, k := range m.Keys {
		if k == "" || keys[k] {
			return bad("shard_keys", "entry %d, %q, is empty or given twice", i, k)
		}
		keys[k] = true
		clear(ids)
		for j, r := range m.Granules[i] {
			switch {
			case r.ID == "":
				return bad("granules", "granule %d of shard %s has no id", j, k)
			case ids[r.ID]:
				return bad("granules", "shard %s lists granule %s twice; its observations would count twice", k, r.ID)
			}
			ids[r.ID] = true
		}
	}
	return nil
}

// Sort puts the shards in key order.
func (m *Map) Sort() {
	order := make([]int, len(m.Keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return core.CompareKeys(m.Keys[a], m.Keys[b]) })
	m.Keys, m.Granules = pick(m.Keys, order), pick(m.Granules, order)
	if m.AOIMask != nil {
		m.AOIMask = pick(m.AOIMask, order)
	}
}

func pick[T any](from []T, order []int) []T {
	out := make([]T, len(order))
	for i, j := range order {
		out[i] = from[j]
	}
	return out
}
