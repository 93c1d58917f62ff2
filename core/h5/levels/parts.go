package levels

// Dividing a granule into parts that fit in memory.

import (
	"slices"

	"github.com/englacial/zagg/core/h5"
)

// parts divides the tables into runs that are read one after the other, each within Query.Memory bytes: some groups
// together, or some rows of a group, cut between chunks. As few parts as memory allows are quickest.
func (r *reading) parts() [][]*table {
	if r.query.Memory <= 0 || len(r.tables) == 0 {
		return [][]*table{r.tables}
	}
	room := r.query.Memory
	if r.file.Whole() { // further parts cost no request, and small ones stay in a processor's cache
		room = min(max(room-r.file.Size(), room/4), wholePart)
	}
	var parts [][]*table
	var part []*table
	used := int64(0)
	for _, t := range r.tables {
		row := t.rowBytes()
		for _, piece := range t.cut(max(room/row, 1)) {
			n := row * int64(piece.kept)
			if used += n; used > room && len(part) > 0 {
				parts, part, used = append(parts, part), nil, n
			}
			part = append(part, piece)
		}
	}
	return append(parts, part)
}

// wholePart is the memory for a part of a file that is read whole: a group of a granule like ATL06's.
const wholePart = 4 << 20

// rowBytes is about what a row takes in memory: its coordinates as degrees, and all that is read of it, once as it is
// in the file (where filters may not have made it smaller) and once decoded.
func (t *table) rowBytes() int64 {
	n := int64(2 * 8)
	for _, d := range append([]*h5.Dataset{t.lat, t.lon}, t.items...) {
		if d != nil {
			n += 2 * int64(d.Type().Size)
		}
	}
	return n
}

// cut divides a table into pieces of at most most rows, in whole chunks of every dataset if that is possible: a chunk
// that belongs to two pieces would be read and decoded twice.
func (t *table) cut(most int64) []*table {
	if int64(t.kept) <= most {
		return []*table{t}
	}
	chunk := int64(1)
	for _, d := range append([]*h5.Dataset{t.lat, t.lon}, t.items...) {
		if d == nil || d.Rows() != t.rows { // of a coarser level
			continue
		}
		if shape := d.ChunkShape(); len(shape) > 0 && shape[0] < 1<<30 {
			chunk = max(chunk, int64(shape[0]))
		}
	}
	most = max(most-most%chunk, chunk)
	var pieces []*table
	for rest := t.spans; len(rest) > 0; {
		end := (rest[0].Start/most + 1) * most
		now := intersect(rest, []h5.Span{{Start: rest[0].Start, Count: end - rest[0].Start}})
		rest = intersect(rest, []h5.Span{{Start: end, Count: t.rows - end}})
		piece := *t
		piece.spans, piece.kept = now, int(countRows(now))
		// Rows that were refused unread are told once, with the first piece.
		if len(pieces) > 0 {
			piece.refused = nil
		}
		pieces = append(pieces, &piece)
	}
	return slices.Clip(pieces)
}
