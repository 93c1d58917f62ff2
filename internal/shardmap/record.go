package shardmap

import (
	"cmp"
	"encoding/json"
	"maps"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// A record is the JSON of a granule in a map.
type record struct {
	ID        string           `json:"id"`
	S3        string           `json:"s3"`    // "" if there is none; plain paths are allowed
	HTTPS     string           `json:"https"` // "" if there is none
	Assets    map[string]asset `json:"assets,omitempty"`
	Datetime  string           `json:"datetime,omitempty"`
	TimeKey   string           `json:"time_key,omitempty"`
	TimeStart string           `json:"time_start,omitempty"` // RFC 3339
	TimeEnd   string           `json:"time_end,omitempty"`
	Size      int64            `json:"size,omitempty"` // bytes, as the catalog says; for predictions alone
}

func (r *record) equal(o *record) bool {
	return r.ID == o.ID && r.S3 == o.S3 && r.HTTPS == o.HTTPS && r.Datetime == o.Datetime && r.TimeKey == o.TimeKey &&
		r.TimeStart == o.TimeStart && r.TimeEnd == o.TimeEnd && r.Size == o.Size && maps.Equal(r.Assets, o.Assets)
}

// recordOf is a granule as this version spells it.
func recordOf(e *catalog.Entry) *record {
	r := &record{ID: e.ID, S3: e.Data.S3, HTTPS: e.Data.HTTPS, TimeKey: e.TimeKey, TimeStart: moment(e.Start), TimeEnd: moment(e.End), Size: e.Size}
	if e.Start.IsZero() {
		r.Datetime = moment(e.Datetime)
	}
	for name, a := range e.Siblings {
		if r.Assets == nil {
			r.Assets = make(map[string]asset, len(e.Siblings))
		}
		r.Assets[name] = asset{Address: a}
	}
	return r
}

// moment is a time as Python's isoformat spells it: microseconds if there are any, and the offset.
func moment(t time.Time) string {
	switch t = t.UTC().Truncate(time.Microsecond); {
	case t.IsZero():
		return ""
	case t.Nanosecond() == 0:
		return t.Format("2006-01-02T15:04:05+00:00")
	}
	return t.Format("2006-01-02T15:04:05.000000+00:00")
}

// entry is the granule of a record. What is no time is as if it were not there.
func (r *record) entry() *catalog.Entry {
	e := &catalog.Entry{Granule: core.Granule{ID: r.ID, Start: parseTime(r.TimeStart), End: parseTime(r.TimeEnd), Size: r.Size},
		Data: catalog.Address{S3: r.S3, HTTPS: r.HTTPS}, Datetime: parseTime(r.Datetime), TimeKey: r.TimeKey}
	for name, a := range r.Assets {
		if e.Siblings == nil {
			e.Siblings = make(map[string]catalog.Address, len(r.Assets))
		}
		e.Siblings[name] = a.Address
	}
	return e
}

func parseTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// An asset is a sibling of a granule. JSON: {s3, https}, or one address as a string.
type asset struct {
	catalog.Address
	single bool
}

type assetJSON struct {
	S3    string `json:"s3,omitempty"`
	HTTPS string `json:"https,omitempty"`
}

// MarshalJSON writes the form that was read.
func (a asset) MarshalJSON() ([]byte, error) {
	if a.single {
		return json.Marshal(a.S3 + a.HTTPS)
	}
	return json.Marshal(assetJSON(a.Address))
}

// UnmarshalJSON reads either form.
func (a *asset) UnmarshalJSON(data []byte) error {
	*a = asset{}
	if len(data) > 0 && data[0] == '"' {
		var url string
		if err := json.Unmarshal(data, &url); err != nil {
			return err
		}
		*a = asset{Address: catalog.Address{S3: url}, single: true}
		if catalog.IsHTTP(url) {
			a.Address = catalog.Address{HTTPS: url}
		}
		return nil
	}
	return json.Unmarshal(data, (*assetJSON)(&a.Address))
}

// A pool gives shards that list a granule alike one entry for it.
type pool struct {
	m    *Map
	last map[string]pooled // by id: most are repeated from shard to shard
}

type pooled struct {
	record *record
	entry  *catalog.Entry
}

// entry is that of a record, which is kept where this version would spell it otherwise.
func (p *pool) entry(r *record) *catalog.Entry {
	if have, ok := p.last[r.ID]; ok && have.record.equal(r) {
		return have.entry
	}
	e := r.entry()
	p.last[r.ID] = pooled{r, e}
	if !recordOf(e).equal(r) {
		if p.m.spelled == nil {
			p.m.spelled = map[*catalog.Entry]*record{}
		}
		p.m.spelled[e] = r
	}
	return e
}

// record is a granule of the map as it is written.
func (m *Map) record(e *catalog.Entry) *record {
	if r := m.spelled[e]; r != nil {
		return r
	}
	return recordOf(e)
}

// GranulesJSON are the granules of a shard as the map's file has them: a list of objects.
func (m *Map) GranulesJSON(shard int) (json.RawMessage, error) {
	list := make([]*record, len(m.Granules[shard]))
	for i, e := range m.Granules[shard] {
		list[i] = m.record(e)
	}
	return json.Marshal(list)
}

// SetGranulesJSON gives the map the granules of its shards in order, each as GranulesJSON has them.
func (m *Map) SetGranulesJSON(lists []json.RawMessage) error {
	p := pool{m: m, last: map[string]pooled{}}
	m.Granules = make([][]*catalog.Entry, len(lists))
	for i, text := range lists {
		if len(text) == 0 {
			return core.Errorf(core.Invalid, "shardmap", "granules", "entry %d has none", i)
		}
		var records []record
		if err := json.Unmarshal(text, &records); err != nil {
			return core.Errorf(core.Corrupt, "shardmap", "granules", "those of entry %d: %w", i, err)
		}
		m.Granules[i] = make([]*catalog.Entry, len(records))
		for k := range records {
			m.Granules[i][k] = p.entry(&records[k])
		}
	}
	return nil
}

// Times are when the first granule begins and the last one ends, as the map spells them; "": no granule says. The texts sort as times,
// since all are RFC 3339 in UTC.
func (m *Map) Times() (first, last string) {
	seen := map[*catalog.Entry]bool{}
	for _, list := range m.Granules {
		for _, e := range list {
			if seen[e] {
				continue
			}
			seen[e] = true
			r := m.record(e)
			start, end := cmp.Or(r.TimeStart, r.Datetime), cmp.Or(r.TimeEnd, r.TimeStart, r.Datetime)
			if start != "" && (first == "" || start < first) {
				first = start
			}
			last = max(last, end)
		}
	}
	return first, last
}
