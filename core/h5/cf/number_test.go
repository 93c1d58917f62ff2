package cf

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestCastElement(t *testing.T) {
	nan := math.NaN()

	for name, c := range map[string]struct {
		from, want core.Column // no rows: no value
	}{
		"same type":                  {core.ColumnOf("", []int16{-9999}), core.ColumnOf("", []int16{-9999})},
		"float to int":               {core.ColumnOf("", []float64{-9999}), core.ColumnOf("", []int16{-9999})},
		"large float to int":         {core.ColumnOf("", []float64{1e6}), core.ColumnOf("", []int32{1000000})},
		"float too large":            {core.ColumnOf("", []float64{-9999}), core.ColumnOf("", []int8{})},
		"float with a fraction":      {core.ColumnOf("", []float32{0.5}), core.ColumnOf("", []int8{})},
		"NaN to int":                 {core.ColumnOf("", []float32{float32(nan)}), core.ColumnOf("", []int64{})},
		"float32 largest to float64": {core.ColumnOf("", []float32{math.MaxFloat32}), core.ColumnOf("", []float64{math.MaxFloat32})},
		"float64 to float32":         {core.ColumnOf("", []float64{math.MaxFloat32}), core.ColumnOf("", []float32{math.MaxFloat32})},
		"netCDF default":             {core.ColumnOf("", []float64{9.969209968386869e36}), core.ColumnOf("", []float32{9.96921e36})},
		"beyond float32":             {core.ColumnOf("", []float64{1e300}), core.ColumnOf("", []float32{})},
		"int to float":               {core.ColumnOf("", []int32{-9999}), core.ColumnOf("", []float32{-9999})},
		"2^63 to int64":              {core.ColumnOf("", []float64{0x1p63}), core.ColumnOf("", []int64{})},
		"2^63 to uint64":             {core.ColumnOf("", []float64{0x1p63}), core.ColumnOf("", []uint64{1 << 63})},
		"2^64 to uint64":             {core.ColumnOf("", []float32{0x1p64}), core.ColumnOf("", []uint64{})},
		"-1 to uint8":                {core.ColumnOf("", []int8{-1}), core.ColumnOf("", []uint8{})},
		"255 to int8":                {core.ColumnOf("", []uint8{255}), core.ColumnOf("", []int8{})},
		"uint64 largest":             {core.ColumnOf("", []uint64{math.MaxUint64}), core.ColumnOf("", []int64{})},
		"int64 smallest":             {core.ColumnOf("", []int64{math.MinInt64}), core.ColumnOf("", []float64{-0x1p63})},
		"to bool":                    {core.ColumnOf("", []int8{1}), core.ColumnOf("", []bool{})},
		"from bool":                  {core.ColumnOf("", []bool{true}), core.ColumnOf("", []int8{})},
	} {
		require.Equal(t, c.want.Data, castElement(c.from.Data, c.from.Type, c.want.Type), name)
	}
	got := castElement(core.Raw([]float64{nan}), core.Float64, core.Float32)
	require.True(t, math.IsNaN(float64(core.View[float32](got)[0])))
}
