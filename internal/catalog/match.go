package catalog

import (
	"encoding/json"
	"time"
)

// InTime reports whether a granule can have observations between the query's start and end. One whose times are unknown
// can.
func (q *Query) InTime(g *Entry) bool {
	start, end := g.Start, g.End
	if start.IsZero() {
		start = g.Datetime
	}
	if end.IsZero() {
		end = g.Datetime
		if g.Datetime.IsZero() && !start.IsZero() {
			// A name tells only when a granule begins. No product's granules take longer than a day.
			end = start.Add(24 * time.Hour)
		}
	}
	return (q.End.IsZero() || start.IsZero() || !start.After(q.End)) && (q.Start.IsZero() || end.IsZero() || !end.Before(q.Start))
}

// Meta is the query in a catalog's own words.
func (q *Query) Meta(source string, bbox []float64) Meta {
	m := Meta{Source: source, Provider: q.Provider, ShortName: q.ShortName, Version: q.Version, BBox: bbox}
	if !q.Start.IsZero() {
		m.StartDate = q.Start.UTC().Format(time.DateOnly)
	}
	if !q.End.IsZero() {
		m.EndDate = q.End.UTC().Format(time.DateOnly)
	}
	return m
}

// Over is m with what o says; o's silence keeps what m has. TotalGranules and PreserveThumbnails are o's.
func (m Meta) Over(o Meta) (Meta, error) {
	text, err := json.Marshal(o)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}
