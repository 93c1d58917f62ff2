package core

import (
	"context"
	"slices"
)

// An Identity is what a file's name tells of the observations in it, as the product's own rules for names have it. Files with
// the same Data hold the same observations: in another release or revision, or a part of them. The zero Identity says that
// the name follows no rule that the reader knows.
type Identity struct {
	Data    string // product, time and track: "ATL06_20190221121851_08410203"
	Version []int  // release, revision and so on, most significant first: {7, 1}
	// Part is "" for the file as its archive made it, and otherwise what tells this file from it: "processed_*". A part may
	// lack observations.
	Part string
}

// Known reports whether the name followed a rule.
func (i Identity) Known() bool { return i.Data != "" }

// Compare is negative where i is of an older release or revision than o, 0 where both are of the same.
func (i Identity) Compare(o Identity) int { return slices.Compare(i.Version, o.Version) }

// An Identifier is a ProductReader that knows how the files of its product are named. (optional)
type Identifier interface {
	ProductReader
	// Identify reads bare file names (no folders, no query) and gives one Identity for each, in the order asked. Names are
	// all that it goes by: the same name always gives the same Identity. A name that it does not know is no error.
	Identify(ctx context.Context, names []string) ([]Identity, error)
}
