package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// What a reader is asked for contains every shard, whichever comes first; an outline without polygons is the whole Earth.
func TestAroundContainsEveryShard(t *testing.T) {
	square := func(margin float64) core.Region {
		return core.Region{Polygons: []core.Polygon{{{{Lon: 0}, {Lon: 1}, {Lon: 1, Lat: 1}}}}, Margin: margin, Oriented: true}
	}
	r := &pass{tasks: []*Task{{Shard: core.Shard{Outline: square(1)}}, {}, {Shard: core.Shard{Outline: square(3)}}}}
	both := r.around([]int{0, 2})
	require.Len(t, both.Polygons, 2)
	require.Equal(t, 3.0, both.Margin)
	require.True(t, both.Oriented)
	for _, tasks := range [][]int{{1}, {0, 1}, {1, 0}, {2, 1, 0}} {
		require.Empty(t, r.around(tasks).Polygons, tasks)
	}
}
