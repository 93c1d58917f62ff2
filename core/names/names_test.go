package names

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestIdentify(t *testing.T) {
	r := New()
	for name, want := range map[string]core.Identity{
		"ATL06_20190221121851_08410203_005_01.h5":                   {Data: "ATL06_20190221121851_08410203", Version: []int{5, 1, 0, 0}},
		"atl06_20190221121851_08410203_005_01.H5":                   {Data: "ATL06_20190221121851_08410203", Version: []int{5, 1, 0, 0}},
		"processed_ATL06_20190221121851_08410203_007_02.h5":         {Data: "ATL06_20190221121851_08410203", Version: []int{7, 2, 0, 0}, Part: "processed_*"},
		"ATL08_20190221121851_08410203_007_02_subsetted.h5":         {Data: "ATL08_20190221121851_08410203", Version: []int{7, 2, 0, 0}, Part: "*_subsetted"},
		"ATL03_20181027014737_04470111_006_02.h5.nc":                {Data: "ATL03_20181027014737_04470111", Version: []int{6, 2, 0, 0}},
		"ATL03_20181027014737_04470111_006_02":                      {Data: "ATL03_20181027014737_04470111", Version: []int{6, 2, 0, 0}},
		"ATL03_20181027014737_04470111_006_02 (1).h5":               {Data: "ATL03_20181027014737_04470111", Version: []int{6, 2, 0, 0}, Part: "* (1)"},
		"ATL07-01_20181014000347_02350101_006_02.h5":                {Data: "ATL07-01_20181014000347_02350101", Version: []int{6, 2, 0, 0}},
		"ATL24_20230625203742_00882006_006_02_001_01.h5":            {Data: "ATL24_20230625203742_00882006", Version: []int{1, 1, 6, 2}},
		"GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5": {Data: "GEDI02_A_2019108002012_O01959_01_T03909", Version: []int{2, 2, 3, 1}},
		"GEDI01_B_2019108002012_O01959_02_T03909_02_005_01_V002.h5": {Data: "GEDI01_B_2019108002012_O01959_02_T03909", Version: []int{2, 2, 5, 1}},
		"GEDI04_A_2019108002012_O01959_01_T03909_02_002_02_V002.h5": {Data: "GEDI04_A_2019108002012_O01959_01_T03909", Version: []int{2, 2, 2, 2}},
		"GEDI02_A_2019108002011_O01959_T03909_02_001_01.h5":         {Data: "GEDI02_A_2019108002011_O01959_T03909", Version: []int{0, 2, 1, 1}},
		"":                                        {},
		"granule.h5":                              {},
		"ATL06_20190221121851_08410203_005.h5":    {},
		"XATL06_20190221121851_08410203_005_01":   {},
		"ATL06_20190221121851_08410203_005_011":   {},
		"ATL06_20190221121851_084102034_005_01":   {},
		"GEDI02_A_2019108002012_O01959_01_T03909": {},
	} {
		require.Equal(t, want, r.Identify(name), name)
	}
}

// Of the same data a later release or revision compares greater, whatever the product.
func TestOrder(t *testing.T) {
	r := New()
	for _, names := range [][]string{
		{"ATL06_20190101000000_01230112_006_02.h5", "ATL06_20190101000000_01230112_007_01.h5", "ATL06_20190101000000_01230112_007_02.h5"},
		{"ATL24_20230625203742_00882006_006_02_001_01.h5", "ATL24_20230625203742_00882006_007_01_001_01.h5", "ATL24_20230625203742_00882006_006_02_002_01.h5"},
		{"GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V001.h5", "GEDI02_A_2019108002012_O01959_01_T03909_01_004_01_V002.h5",
			"GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5", "GEDI02_A_2019108002012_O01959_01_T03909_02_003_02_V002.h5",
			"GEDI02_A_2019108002012_O01959_01_T03909_02_004_01_V002.h5", "GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V003.h5"},
	} {
		for i := range names {
			for k := range names {
				a, b := r.Identify(names[i]), r.Identify(names[k])
				require.Equal(t, a.Data, b.Data)
				require.Equal(t, i < k, a.Compare(b) < 0, "%s before %s", names[i], names[k])
				require.Equal(t, i == k, a.Compare(b) == 0)
			}
		}
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("processed_ATL06_20190221121851_08410203_007_02_x.h5")
	f.Add("GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5")
	r := New()
	f.Fuzz(func(t *testing.T, name string) {
		id := r.Identify(name)
		require.Equal(t, id.Known(), id.Version != nil)
		if id.Known() { // the data's own name is known again and whole
			require.Contains(t, strings.ToUpper(name), strings.ToUpper(strings.Split(id.Data, "_")[0]))
		}
	})
}
