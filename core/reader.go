package core

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// A Granule is one file of a product with its siblings, from the catalog that lists it to the reader. What only finding its shards
// needs is not in it.
type Granule struct {
	ID     string            // what it is known by: its name, or its address where its reader does not know the name; "": not yet found out
	Assets map[string]string // addresses: "data", the file itself, and names that the reader's config gives; nil: a plan has not chosen them yet
	Start  time.Time         // of its observations, as a catalog says; zero: unknown. Workers are not told
	End    time.Time         // of its observations, as Start
	Size   int64             // bytes of the file as a catalog says, which may round it, or as it was found; 0: unknown. For estimates alone
	// Found is the version of the file by which the granule's shards were found (URL, ETag, Size): another is not read. Zero: any is.
	Found ObjectInfo
}

// GranuleAt is a file without siblings, of which nothing but its address is known.
func GranuleAt(url string) Granule { return Granule{Assets: map[string]string{"data": url}} }

// URL is the address of the file itself.
func (g Granule) URL() string { return g.Assets["data"] }

// A ProductReader turns granules of one product into batches of observations. Safe for concurrent use.
type ProductReader interface {
	Info() ProductInfo
	// Read emits every observation of the granule that lies in query.Region and passes query.Filters, one batch at
	// a time from one goroutine, groups in Info().Groups order and rows in file order. It may emit observations
	// outside the region, never one that fails a filter. The batch is the reader's again when emit returns.
	// What was emitted counts only if Read returns nil.
	Read(ctx context.Context, src ObjectReader, g Granule, query Query, emit func(*Batch) error) (ReadStats, error)
}

// An Indexer is a ProductReader that can note once what opening a granule costs every time. (optional)
type Indexer interface {
	ProductReader
	// Index is what Read needs to know of a granule before it reads values, for queries with these columns and filters or
	// fewer, whatever the region. The host keeps the bytes and gives Read their address as asset "index". Read uses them
	// only if they are of the granule as it is now, and never trusts them further than it can check; otherwise it reads as
	// if there were none and says so in ReadStats.Index.
	Index(ctx context.Context, src ObjectReader, g Granule, query Query) ([]byte, error)
}

// A RowReader is an Indexer whose granules' rows have numbers: those of a group count from 0, in file order, whatever their
// coordinates are. (optional)
//
// Who noted once in which cells rows lie asks for these rows later, and coordinates are not read again.
type RowReader interface {
	Indexer
	// Rows says which rows there are and where their places come from: groups and datasets of coordinates. Readers of one plugin
	// that say the same give a granule's rows the same numbers and the same places.
	Rows() string
	// ReadRows is Read of rows by their numbers, wherever they lie: Query.Region and Query.CountInvalid do not count. Where the
	// granule has other groups or numbers of rows than were noted it fails with ErrOtherRows before it emits anything.
	ReadRows(ctx context.Context, src ObjectReader, g Granule, query RowQuery, emit func(*Batch) error) (ReadStats, error)
}

// ErrOtherRows is in the chain of the error of ReadRows where a granule has not the rows that were noted of it.
var ErrOtherRows = errors.New("the granule has other rows")

// A RowQuery is what the engine wants of rows that it names by number.
type RowQuery struct {
	Query
	Groups []GroupRows // every group that has rows; nil: all rows of all groups
	Places bool        // batches have the rows' coordinates, NaN where there are none; otherwise Lon and Lat are nil
}

// GroupRows are some rows of a group.
type GroupRows struct {
	Group string
	Total int64  // that the group has
	Rows  []Span // ascending, not overlapping
}

// A Span is Count rows from row Start on.
type Span struct{ Start, Count int64 }

// IndexUse is what became of a granule's asset "index".
type IndexUse uint8

// The uses of an index.
const (
	IndexNone    IndexUse = iota // the granule has no such asset
	IndexUsed                    // it spared reading metadata
	IndexMissing                 // there is nothing at its address
	IndexStale                   // it is of another state of the granule, damaged, or lacks what the query needs
)

// ProductInfo is what a reader can read.
type ProductInfo struct {
	Product, Version string
	Groups           []string
	Columns          []Field
}

// A Query is what the engine wants of a granule.
type Query struct {
	Region  Region   // no polygons: the whole Earth
	Columns []string // names of ProductInfo.Columns
	Filters []Filter // all must hold
	Rows    int      // most rows per batch
	// CountInvalid wants ReadStats.Invalid to count all such rows of the granule, whatever the region: they lie in none, and one
	// query a granule asks for them. A reader that finds rows by the places of their records counts those of the records it looks at.
	CountInvalid bool
	// Memory is the bytes that the reader should hold at once, of what it has fetched and decoded; 0: as many as it likes.
	Memory int64
	// Request is how many bytes cost as much to read as one more request: what is better read whole than in pieces; 0: requests
	// cost nothing but their time.
	Request int64
}

// A Filter compares one column, which may live on a coarser level than the observations. Column is one of
// ProductInfo.Columns or, for readers whose layout comes from the config, a dataset path ("/{group}/heights/q"), after the name of an
// asset and a colon where it lives in a sibling of the granule ("l2a:/{group}/quality").
// Expression filters are the engine's: their columns are in Query.Columns.
type Filter struct {
	Column  string
	Element int // index along the second axis of a 2-D dataset; -1: the dataset is 1-D
	Op      Op
	Values  []json.Number // one, or any number for in
	Drop    bool          // keep: false
	Level   string        // of the dataset, as the reader's config names it; "": that of the column, or of the observations
}

// Op is a comparison.
type Op string

// The comparisons of a Filter.
const (
	OpEq    Op = "eq"
	OpNe    Op = "ne"
	OpGe    Op = "ge"
	OpLe    Op = "le"
	OpLt    Op = "lt"
	OpGt    Op = "gt"
	OpIn    Op = "in"
	OpNotIn Op = "not_in"
)

// ReadStats is what a Read met on its way.
type ReadStats struct {
	Rows    int64    // rows whose coordinates were looked at
	Emitted int64    // rows handed to emit
	Invalid int64    // rows looked at whose coordinates are not finite or |lat| > 90; they are not emitted. All of them with CountInvalid
	Missing []string // groups the granule does not have
	Empty   []string // groups it has with no row
	Index   IndexUse
	// Warnings are what is wrong with the granule's file without having kept it from being read, such as a mark that a
	// writer has it open. They end up in the records of the shards.
	Warnings []string
}
