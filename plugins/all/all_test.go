package all

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Every offer of the standard bundle has a name of its own, says what it is, and has a JSON schema if it has one at all.
func TestOffers(t *testing.T) {
	seen := map[string]bool{}
	plugins := map[string]bool{}
	for _, p := range Plugins() {
		require.False(t, plugins[p.Name], p.Name)
		plugins[p.Name] = true
		require.NotEmpty(t, p.Version, p.Name)
		check(t, seen, "grid", p.Grids)
		check(t, seen, "reader", p.Readers)
		check(t, seen, "statistic", p.Statistics)
	}
	for _, name := range []string{"grid healpix", "grid rectilinear", "reader atl03", "reader atl06", "reader hdf5", "statistic mean"} {
		require.True(t, seen[name], name)
	}
}

func check[T any](t *testing.T, seen map[string]bool, kind string, makers []core.Maker[T]) {
	for _, m := range makers {
		name := kind + " " + m.Name
		require.False(t, seen[name], "%s is offered twice", name)
		seen[name] = true
		require.NotEmpty(t, m.Doc, name)
		require.True(t, len(m.Schema) == 0 || json.Valid(m.Schema), name)
	}
}
