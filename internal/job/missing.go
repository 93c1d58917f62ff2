package job

import (
	"errors"

	"github.com/englacial/zagg/core"
)

// ErrTaking marks what failed on our side of a read, while the observations were taken.
var ErrTaking = errors.New("while taking observations")

// OfGranule reports whether an error of reading a granule is of the granule itself, so that it may be left out where missing
// granules are allowed: it is not there, is damaged or is of another kind. Not so a bug, a filter that fails, refused credentials
// or a store that does not answer: then the granule may well be whole.
func OfGranule(err error) bool {
	switch core.CodeOf(err) {
	case core.NotFound, core.Corrupt, core.Unsupported, core.Invalid:
		return !errors.Is(err, ErrTaking)
	}
	return false
}
