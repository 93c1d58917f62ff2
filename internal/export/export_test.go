package export

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestIsNaN(t *testing.T) {
	for _, v := range []float64{0, 1, -1, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.NaN(), math.Float64frombits(0x7ff0000000000001), math.Float64frombits(0xfff8000000000000)} {
		require.Equal(t, math.IsNaN(v), isNaN(core.Float64, core.Raw([]float64{v})), v)
		f := float32(v)
		require.Equal(t, f != f, isNaN(core.Float32, core.Raw([]float32{f})), v)
	}
	require.True(t, isNaN(core.Float32, core.Raw([]uint32{0x7f800001})))
	require.False(t, isNaN(core.Int32, core.Raw([]uint32{0x7f800001})))
}

// Half a picture: means of what has a value, also at odd edges; of integers a value that is there.
func TestHalf(t *testing.T) {
	nan := float32(math.NaN())
	p := &picture{typ: core.Float32, bands: 1, width: 3, height: 3, fill: core.Raw([]float32{nan}), data: core.Raw([]float32{
		1, nan, 5,
		3, nan, 7,
		nan, nan, 9,
	})}
	h := p.half()
	require.Equal(t, [2]int{2, 2}, [2]int{h.width, h.height})
	v := core.View[float32](h.data)
	require.Equal(t, []float32{2, 6}, v[:2])
	require.True(t, v[2] != v[2])
	require.Equal(t, float32(9), v[3])

	n := &picture{typ: core.Int32, bands: 2, width: 2, height: 1, fill: core.Raw([]int32{-1}), data: core.Raw([]int32{-1, 4, 8, 6})}
	require.Equal(t, []int32{8, 4}, core.View[int32](n.half().data))
}
