package catalog

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// An Entry is a granule as catalogs and shard maps list it: the granule itself, which goes on to plans, jobs and readers as it is, the
// ways to its files, of which a plan takes one, and what only the search for its shards needs, which a map leaves out.
type Entry struct {
	core.Granule                    // with the ID unique in a catalog, for files of an archive the file's name; without Assets until Choose
	Data         Address            // the file itself
	Siblings     map[string]Address // by name, without the file itself; nil: none
	Datetime     time.Time          // STAC's datetime; zero: none
	TimeKey      string             // what groups granules of one acquisition; "": none

	Collection string // as the source names it: "ATL06_007", "C2670138092-NSIDC_CPRD"; "" if it does not
	Product    string // short name: "ATL06"; "" if unknown
	Version    string // "007"; "" if unknown
	Cycle, RGT int    // of orbit and reference ground track; 0: unknown

	// Footprint contains every observation once it is widened by the product's margin. No polygons: the whole Earth.
	// Edges are as the source means them: Footprint.Planar and Straight.
	Footprint core.Region
	Doubt     string // why Footprint is larger than the source may mean; "": it is not
	// Cells, if not empty, are packed words of HEALPix cells of order CellsOrder that together contain Footprint.
	Cells      []uint64
	CellsOrder int
}

// Choose is the granule with one address for each file: driver "https" takes those by HTTPS and anything else the others, and where one
// is missing the other is taken. A file without any address is an error.
func (e *Entry) Choose(driver string) (core.Granule, error) {
	g := e.Granule
	if g.Start.IsZero() {
		g.Start = e.Datetime
	}
	g.Assets = make(map[string]string, 1+len(e.Siblings))
	for _, name := range slices.Sorted(maps.Keys(e.Siblings)) {
		if g.Assets[name] = e.Siblings[name].by(driver); g.Assets[name] == "" {
			return core.Granule{}, core.Errorf(core.Invalid, "granule", e.ID, "asset %q has no address", name)
		}
	}
	if g.Assets["data"] = e.Data.by(driver); g.Assets["data"] == "" {
		return core.Granule{}, core.Errorf(core.Invalid, "granule", e.ID, "the granule has neither an s3 nor an https address")
	}
	return g, nil
}

// An Address is where a file can be read, in one or both ways. Either may be "".
type Address struct {
	S3    string // s3://bucket/key, or a path on this machine
	HTTPS string
}

// Any is the S3 address, or else the HTTPS one.
func (a Address) Any() string { return a.by("") }

// by is the address for a driver.
func (a Address) by(driver string) string {
	if driver == "https" && a.HTTPS != "" || a.S3 == "" {
		return a.HTTPS
	}
	return a.S3
}

// add keeps the first address of each kind.
func (a *Address) add(href string) {
	to := &a.S3
	if IsHTTP(href) {
		to = &a.HTTPS
	}
	if *to == "" {
		*to = href
	}
}

// IsHTTP reports whether an address is one of HTTP or HTTPS.
func IsHTTP(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

// A Query asks for the granules of a collection that were taken in a time and can have observed a region.
type Query struct {
	ShortName, Version, Provider string    // "ATL06", "007", "NSIDC_CPRD"; "": any, where the source allows it
	Start, End                   time.Time // both inclusive; zero: no limit on that side
	Region                       core.Region
}

// Meta says what a catalog is of. JSON as in the files' zagg:catalog_meta and in the metadata of shard maps.
type Meta struct {
	Source             string    `json:"source,omitempty"`
	Provider           string    `json:"provider,omitempty"`
	Collection         string    `json:"collection,omitempty"`
	ShortName          string    `json:"short_name,omitempty"`
	Version            string    `json:"version,omitempty"`
	StartDate          string    `json:"start_date,omitempty"` // YYYY-MM-DD
	EndDate            string    `json:"end_date,omitempty"`
	BBox               []float64 `json:"bbox,omitempty"` // of the region asked for: west, south, east, north
	PreserveThumbnails bool      `json:"preserve_thumbnails"`
	TotalGranules      int       `json:"total_granules"`
}

// A Source streams granules. Safe for concurrent use.
type Source interface {
	// Granules calls visit, from one goroutine, once for each granule that matches q, in an order that is the same
	// each time, and then says what the catalog was of. It may give granules that match q only nearly (a region is
	// widened, never narrowed); it leaves none out: if it cannot be sure of that it returns an error. The granule is
	// the visitor's to keep. An error of visit ends the stream and is returned as it is.
	Granules(ctx context.Context, q Query, visit func(*Entry) error) (Meta, error)
}

// ErrNoFootprint is what sources that may not take the whole Earth say of a granule without a footprint.
func ErrNoFootprint() error {
	return core.Errorf(core.Invalid, "", "", "it has no footprint, so its observations may be anywhere on Earth; allow that (--no-footprint earth) or give it one")
}
