// Package all is the standard bundle of plugins, as a list. A plugin that can be left out has a file of its own with a
// build tag.
package all

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/atl03"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/hdf5"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/rectilinear"
	"github.com/englacial/zagg/plugins/stats"
	"github.com/englacial/zagg/plugins/tdigest"
)

// Plugins returns the standard bundle.
func Plugins() []core.Plugin {
	return append([]core.Plugin{atl03.Plugin(), atl06.Plugin(), hdf5.Plugin(), healpix.Plugin(), rectilinear.Plugin(), stats.Plugin(), tdigest.Plugin()}, withC()...)
}
