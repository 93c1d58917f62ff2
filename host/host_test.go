package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/plugins/all"
	"github.com/englacial/zagg/plugins/stats"
)

func TestNamesAreOfferedOnce(t *testing.T) {
	other := testPlugin()
	other.Name = "other"
	for want, p := range map[string]core.Plugin{
		`load plugins other: reader "table" is also offered by plugin test: leave one out`:   {Name: "other", Readers: other.Readers},
		`load plugins other: grid "plane" is also offered by plugin test: leave one out`:     {Name: "other", Grids: other.Grids},
		`load plugins other: statistic "pair" is also offered by plugin test: leave one out`: {Name: "other", Statistics: other.Statistics[:1]},
	} {
		_, err := host.New(testPlugin(), p)
		require.EqualError(t, err, want)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	_, err := host.New(stats.Plugin(), stats.Plugin())
	require.Error(t, err)
	// A grid and a statistic may have one name.
	_, err = host.New(testPlugin(), core.Plugin{Name: "p", Statistics: []core.Maker[core.Statistic]{{Name: "plane"}}})
	require.NoError(t, err)
}

func TestNames(t *testing.T) {
	h := newHost(t)
	ctx := t.Context()
	require.Len(t, h.Plugins(), len(all.Plugins())+1)
	first := h.Plugins()[0].Name
	h.Plugins()[0].Name = "changed"
	require.Equal(t, first, h.Plugins()[0].Name, "the list is a copy")

	for _, name := range []string{"median", "np.median", "numpy.median"} {
		s, err := h.Statistic(ctx, name, nil)
		require.NoError(t, err)
		require.Equal(t, "source", s.Info().Inputs[0].Name)
	}
	_, err := h.Statistic(ctx, "np.mode", nil)
	require.ErrorContains(t, err, `no statistic mode in this binary; have [average composition count `)
	require.Equal(t, core.NotFound, core.CodeOf(err))
	_, err = h.Grid(ctx, "squares", nil)
	require.ErrorContains(t, err, `no grid squares in this binary; have [`)
	_, err = h.Reader(ctx, "atl33", nil)
	require.EqualError(t, err, `no reader atl33 in this binary; have [atl03 atl06 hdf5 table]`)
	_, err = h.Grid(ctx, "healpix", core.Config(`{}`))
	require.ErrorContains(t, err, "parent_order")
}
