//go:build !cgo && suites

package h3

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/plugins/all"
)

func TestWithoutCgo(t *testing.T) {
	h, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	_, err = h.Grid(t.Context(), "h3", core.Config(`{"parent_resolution":4,"child_resolution":8}`))
	require.EqualError(t, err, "no grid h3 in this binary; have [healpix rectilinear]")
	require.Equal(t, core.NotFound, core.CodeOf(err))
}
