//go:build cgo

package all

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/h3"
)

// withC are the plugins that need cgo.
func withC() []core.Plugin { return []core.Plugin{h3.Plugin()} }
