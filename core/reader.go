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
	ID     string            // its file name, or its address if the reader does not know the name; "": not yet determined
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

// A ProductReader reads granules of one product as batches of observations. Safe for concurrent use.
type ProductReader interface {
	Info() ProductInfo
	// Read calls emit with every observation of the granule that lies in query.Region and passes query.Filters: one batch at a
	// time from one goroutine, groups in the order of Info().Groups, rows in file order. It may emit observations outside the
	// region, but none that fails a filter. The reader may reuse the batch when emit returns. The observations count only if
	// Read returns nil.
	Read(ctx context.Context, src ObjectReader, g Granule, query Query, emit func(*Batch) error) (ReadStats, error)
}

// An Indexer is a ProductReader that can save the metadata of a granule, so that opening it again is cheaper. (optional)
type Indexer interface {
	ProductReader
	// Index returns the metadata that Read needs before it reads values, for queries with these columns and filters or fewer and
	// any region. The host stores the bytes and passes their address to Read as asset "index". Read uses them only if they
	// belong to the current version of the granule, and checks them like untrusted input. Otherwise it reads without them and
	// reports this in ReadStats.Index.
	Index(ctx context.Context, src ObjectReader, g Granule, query Query) ([]byte, error)
}

// A Unit is what a granule says of a dataset: in which units its values are, and what it is called. Texts are valid UTF-8.
type Unit struct {
	Column   string `json:"column"` // "": a coordinate
	Path     string `json:"path"`
	Units    string `json:"units"`     // of the attribute units; "": there is none
	Name     string `json:"name"`      // of the attribute standard_name
	LongName string `json:"long_name"` // of the attribute long_name
	Raw      bool   `json:"raw"`       // its elements are taken as they are stored, which the units are not of where they are packed
}

// A UnitTeller is a ProductReader that can say what a granule's units are. (optional)
type UnitTeller interface {
	ProductReader
	// Units are those of latitude, of longitude, and of the columns of a query, of the first group that the granule has; fewer than two:
	// it does not say.
	Units(ctx context.Context, src ObjectReader, g Granule, q Query) ([]Unit, error)
}

// A RowReader is an Indexer that can read rows by number. The rows of a group are numbered from 0 in file order, whatever their
// coordinates are. (optional)
//
// With an index of the cells of rows, the engine asks for rows by number and does not read coordinates again.
type RowReader interface {
	Indexer
	// Rows describes the rows and the origin of their positions: groups and datasets of coordinates. Readers of one plugin with
	// the same description give a granule's rows the same numbers and positions.
	Rows() string
	// ReadRows reads rows by number, and ignores Query.Region and Query.CountInvalid. If the granule has other groups or numbers
	// of rows than the query says, it fails with ErrOtherRows before it emits anything.
	ReadRows(ctx context.Context, src ObjectReader, g Granule, query RowQuery, emit func(*Batch) error) (ReadStats, error)
}

// ErrOtherRows is in the error chain of ReadRows if a granule does not have the rows of the query.
var ErrOtherRows = errors.New("the granule has other rows")

// A RowQuery asks for rows by number.
type RowQuery struct {
	Query
	Groups []GroupRows // every group with rows; nil: all rows of all groups
	Places bool        // batches have the rows' coordinates, NaN if there are none; otherwise Lon and Lat are nil
}

// GroupRows are some rows of a group.
type GroupRows struct {
	Group string
	Total int64  // number of rows of the group
	Rows  []Span // ascending, not overlapping
}

// A Span is Count rows, starting at row Start.
type Span struct{ Start, Count int64 }

// IndexUse says how Read used a granule's asset "index".
type IndexUse uint8

// The uses of an index.
const (
	IndexNone    IndexUse = iota // the granule has no such asset
	IndexUsed                    // it was used instead of reading metadata
	IndexMissing                 // there is no object at its address
	IndexStale                   // it belongs to another version of the granule, is damaged, or lacks data for the query
)

// ProductInfo describes the groups and columns that a reader can read.
type ProductInfo struct {
	Product, Version string
	Groups           []string
	Columns          []Field
}

// A Query selects the observations and columns of a granule.
type Query struct {
	Region  Region   // no polygons: the whole Earth
	Columns []string // names of ProductInfo.Columns
	Filters []Filter // all must hold
	Rows    int      // maximum rows per batch
	// CountInvalid asks for ReadStats.Invalid to count all such rows of the granule, whatever the region. It is set in one query
	// per granule. A reader that finds rows by the positions of records counts the rows of the records that it examines.
	CountInvalid bool
	// Memory is the number of bytes of fetched and decoded data that the reader should hold at once; 0: no limit.
	Memory int64
	// Request is the number of bytes that cost as much to read as one more request, to decide between reading whole and in
	// pieces; 0: requests cost only time.
	Request int64
}

// A Filter compares one column, which may belong to a coarser level than the observations. Column is one of
// ProductInfo.Columns or, for readers whose layout comes from the config, a dataset path ("/{group}/heights/q"), after the name of an
// asset and a colon if it is in a sibling of the granule ("l2a:/{group}/quality").
// The engine applies expression filters; their columns are in Query.Columns.
type Filter struct {
	Column  string
	Element int // index along the second axis of a 2-D dataset; -1: the dataset is 1-D
	Op      Op
	Values  []json.Number // one, or any number for in
	Drop    bool          // keep: false
	Level   string        // level of the dataset, as named in the reader's config; "": that of the column, or of the observations
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

// ReadStats are the counts and warnings of one Read.
type ReadStats struct {
	Rows    int64    // rows whose coordinates were examined
	Emitted int64    // rows passed to emit
	Invalid int64    // examined rows without a valid position (see Usable), which are not emitted; with CountInvalid, all of the granule
	Missing []string // groups that the granule lacks
	Empty   []string // groups of the granule without rows
	Index   IndexUse
	// Warnings are problems of the granule's file that did not prevent reading, such as a mark that a writer has it open. They
	// are written to the records of the shards.
	Warnings []string
}
