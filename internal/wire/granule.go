package wire

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// GranuleToProto is a granule, assets in order of their names.
func GranuleToProto(g *core.Granule) *zaggv1.Granule {
	out := &zaggv1.Granule{Id: g.ID, Start: timeText(g.Start), Size: g.Size}
	for _, name := range slices.Sorted(maps.Keys(g.Assets)) {
		out.Assets = append(out.Assets, &zaggv1.Asset{Name: name, Url: g.Assets[name]})
	}
	return out
}

// GranuleFromProto is the inverse of GranuleToProto.
func GranuleFromProto(g *zaggv1.Granule) (core.Granule, error) {
	out := core.Granule{ID: g.GetId(), Size: g.GetSize(), Assets: map[string]string{}}
	for _, a := range g.GetAssets() {
		out.Assets[a.GetName()] = a.GetUrl()
	}
	var err error
	out.Start, err = timeFrom(g.GetStart())
	return out, err
}

// CheckGranule refuses a granule that a message cannot carry.
func CheckGranule(g *core.Granule) error {
	if err := CheckText("granule", g.ID); err != nil {
		return err
	}
	for name, url := range g.Assets {
		if err := CheckText("asset", name, url); err != nil {
			return err
		}
	}
	return nil
}

// QueryToProto is a query.
func QueryToProto(q *core.Query) *zaggv1.Query {
	out := &zaggv1.Query{Region: RegionToProto(&q.Region), Columns: q.Columns, Rows: int64(q.Rows), CountInvalid: q.CountInvalid, Memory: q.Memory, Request: q.Request}
	for _, f := range q.Filters {
		values := make([]string, len(f.Values))
		for i, v := range f.Values {
			values[i] = string(v)
		}
		out.Filters = append(out.Filters, &zaggv1.Filter{Column: f.Column, Element: int64(f.Element), Op: string(f.Op), Values: values, Drop: f.Drop, Level: f.Level})
	}
	return out
}

// QueryFromProto is the inverse of QueryToProto.
func QueryFromProto(q *zaggv1.Query) (core.Query, error) {
	out := core.Query{Columns: q.GetColumns(), Rows: int(q.GetRows()), CountInvalid: q.GetCountInvalid(), Memory: max(q.GetMemory(), 0), Request: max(q.GetRequest(), 0)}
	for _, f := range q.GetFilters() {
		var values []json.Number
		for _, v := range f.GetValues() {
			values = append(values, json.Number(v))
		}
		out.Filters = append(out.Filters, core.Filter{Column: f.GetColumn(), Element: int(f.GetElement()), Op: core.Op(f.GetOp()), Values: values, Drop: f.GetDrop(), Level: f.GetLevel()})
	}
	var err error
	out.Region, err = RegionFromProto(q.GetRegion())
	return out, err
}

// IdentitiesToProto is identities, in their order.
func IdentitiesToProto(ids []core.Identity) []*zaggv1.Identity {
	out := make([]*zaggv1.Identity, len(ids))
	for i, id := range ids {
		out[i] = &zaggv1.Identity{Data: id.Data, Part: id.Part}
		for _, v := range id.Version {
			out[i].Version = append(out[i].Version, int64(v))
		}
	}
	return out
}

// IdentitiesFromProto is the inverse of IdentitiesToProto. It refuses an identity of no data that says more, and versions below 0.
func IdentitiesFromProto(ids []*zaggv1.Identity) ([]core.Identity, error) {
	out := make([]core.Identity, len(ids))
	for i, id := range ids {
		out[i] = core.Identity{Data: id.GetData(), Part: id.GetPart()}
		for _, v := range id.GetVersion() {
			if v < 0 || int64(int(v)) != v {
				return nil, broken("an identity is of version %v", id.GetVersion())
			}
			out[i].Version = append(out[i].Version, int(v))
		}
		if !out[i].Known() && (out[i].Part != "" || out[i].Version != nil) {
			return nil, broken("an identity of no data has version %v and part %q", out[i].Version, out[i].Part)
		}
	}
	return out, nil
}

// ReadStatsToProto is the end of a read.
func ReadStatsToProto(s *core.ReadStats) *zaggv1.ReadDone {
	return &zaggv1.ReadDone{Rows: s.Rows, Emitted: s.Emitted, Invalid: s.Invalid, Missing: s.Missing, Empty: s.Empty, Index: zaggv1.IndexUse(s.Index), Warnings: s.Warnings}
}

// ReadStatsFromProto is the inverse of ReadStatsToProto.
func ReadStatsFromProto(d *zaggv1.ReadDone) (core.ReadStats, error) {
	out := core.ReadStats{Rows: d.GetRows(), Emitted: d.GetEmitted(), Invalid: d.GetInvalid(), Missing: d.GetMissing(), Empty: d.GetEmpty(), Index: core.IndexUse(d.GetIndex()), Warnings: d.GetWarnings()}
	if out.Rows < 0 || out.Emitted < 0 || out.Invalid < 0 || d.GetIndex() < 0 || d.GetIndex() > zaggv1.IndexUse(core.IndexStale) {
		return out, broken("a read ends with %d rows, %d emitted, %d invalid, index use %d", out.Rows, out.Emitted, out.Invalid, d.GetIndex())
	}
	return out, nil
}

// ObjectInfoToProto is what is known of an object.
func ObjectInfoToProto(o *core.ObjectInfo) *zaggv1.ObjectInfo {
	return &zaggv1.ObjectInfo{Url: o.URL, Etag: o.ETag, Size: o.Size, Modified: timeText(o.Modified)}
}

// ObjectInfoFromProto is the inverse of ObjectInfoToProto.
func ObjectInfoFromProto(o *zaggv1.ObjectInfo) (core.ObjectInfo, error) {
	t, err := timeFrom(o.GetModified())
	return core.ObjectInfo{URL: o.GetUrl(), ETag: o.GetEtag(), Size: o.GetSize(), Modified: t}, err
}

// RangesToProto is ranges.
func RangesToProto(ranges []core.Range) []*zaggv1.Range {
	out := make([]*zaggv1.Range, len(ranges))
	for i, r := range ranges {
		out[i] = &zaggv1.Range{Offset: r.Offset, Length: r.Length}
	}
	return out
}

// RangesFromProto is the inverse of RangesToProto; it refuses more than MaxAsk bytes and ranges that begin or end before 0.
func RangesFromProto(ranges []*zaggv1.Range) ([]core.Range, error) {
	out := make([]core.Range, len(ranges))
	total := int64(0)
	for i, r := range ranges {
		out[i] = core.Range{Offset: r.GetOffset(), Length: r.GetLength()}
		if out[i].Offset < 0 || out[i].Length < 0 || out[i].Offset+out[i].Length < 0 {
			return nil, core.Errorf(core.Invalid, "", "", "%d bytes from offset %d are not a range", out[i].Length, out[i].Offset)
		}
		if total += min(out[i].Length, MaxAsk+1); total > MaxAsk {
			return nil, core.Errorf(core.Invalid, "", "", "one ask is for more than %d bytes", int64(MaxAsk))
		}
	}
	return out, nil
}
