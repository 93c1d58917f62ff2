//go:build !cgo

package all

import "github.com/englacial/zagg/core"

// withC are none: cgo is off.
func withC() []core.Plugin { return nil }
