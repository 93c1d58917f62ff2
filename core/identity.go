package core

import (
	"context"
	"slices"
)

// An Identity is what a file's name says about its observations, by the product's naming rules. Files with the same Data hold the
// same observations, in another release or revision, or a part of them. The zero Identity means that the name follows no rule
// known to the reader.
type Identity struct {
	Data    string // product, time and track: "ATL06_20190221121851_08410203"
	Version []int  // release, revision and so on, most significant first: {7, 1}
	// Part is "" for the archive's own file. Otherwise it identifies a derived file, such as "processed_*", which may lack
	// observations.
	Part string
}

// Known reports whether the name follows a rule.
func (i Identity) Known() bool { return i.Data != "" }

// Compare is negative if i has an older release or revision than o, 0 if they are the same.
func (i Identity) Compare(o Identity) int { return slices.Compare(i.Version, o.Version) }

// An Identifier is a ProductReader that knows the file names of its product. (optional)
type Identifier interface {
	ProductReader
	// Identify returns one Identity for each bare file name (no folders, no query), in the same order. The result depends on the
	// name alone. An unknown name is not an error.
	Identify(ctx context.Context, names []string) ([]Identity, error)
}
