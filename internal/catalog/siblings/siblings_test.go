package siblings

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/names"
)

// Products of the same observations have a key in common, in whichever release, and others have another.
func TestObserved(t *testing.T) {
	know := names.New()
	key := func(name string) string { return observed(timeInName(), know.Identify(name), name) }
	l1b := key("GEDI01_B_2019108002012_O01959_02_T03909_02_005_01_V002.h5")
	require.Equal(t, "2019108002012_O01959_02_T03909", l1b)
	require.Equal(t, l1b, key("GEDI02_A_2019108002012_O01959_02_T03909_02_003_02_V002.h5"))
	require.NotEqual(t, l1b, key("GEDI02_A_2019108002012_O01959_03_T03909_02_003_02_V002.h5"))
	require.Equal(t, key("ATL03_20190221121851_08410203_005_01.h5"), key("ATL08_20190221121851_08410203_006_01.h5"))
	require.Equal(t, "20241208011500_O00909_x.h5", key("GEDI01_B_20241208011500_O00909_x.h5")) // no rule has 14 digits there
	require.Empty(t, key("drifters.csv"))
	require.Equal(t, "l2a", siblingOf(map[string]string{"l2a": "GEDI02_A_*"}, "GEDI02_A_2019.h5"))
	require.Empty(t, siblingOf(map[string]string{"l2a": "GEDI02_A_*"}, "GEDI01_B_2019.h5"))
}
