package coretest_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
)

func TestRecorder(t *testing.T) {
	r := coretest.NewRecorder(t.Context(), 20*time.Millisecond)
	require.True(t, r.Run("good", func(r *coretest.Recorder) { r.Helper() }))
	require.False(t, r.Run("bad", func(r *coretest.Recorder) {
		r.Errorf("one %d", 1)
		r.Errorf("two")
		r.FailNow()
		r.Errorf("three")
	}))
	require.False(t, r.Run("panics", func(*coretest.Recorder) { panic("why") }))
	require.False(t, r.Run("hangs", func(r *coretest.Recorder) { <-r.Context().Done() }))
	require.False(t, r.Run("group", func(r *coretest.Recorder) {
		require.True(t, r.Run("good", func(*coretest.Recorder) {}))
		require.False(t, r.Run("bad", func(r *coretest.Recorder) { r.Errorf("no") }))
		time.Sleep(40 * time.Millisecond) // a group has all the time it needs
	}))
	results := r.Results()
	var names []string
	for i := range results {
		names = append(names, results[i].Name)
		require.Equal(t, results[i].Passed(), results[i].Failures == nil)
	}
	require.Equal(t, []string{"good", "bad", "panics", "hangs", "group/good", "group/bad"}, names)
	require.Equal(t, []string{"one 1", "two"}, results[1].Failures)
	require.Contains(t, results[2].Failures[0], "panic: why")
	require.Equal(t, []string{"not done after 20ms"}, results[3].Failures)
}

// A check that does not end is left behind.
func TestRecorderGivesUp(t *testing.T) {
	r := coretest.NewRecorder(t.Context(), time.Millisecond)
	release := make(chan struct{})
	defer close(release)
	require.False(t, r.Run("hangs", func(*coretest.Recorder) { <-release }))
	require.Len(t, r.Results()[0].Failures, 2)
}

// Suites report to a Recorder as to a test.
func TestSuiteOnRecorder(t *testing.T) {
	r := coretest.NewRecorder(t.Context(), time.Minute)
	store := new(objstore.Mem)
	coretest.Store(r, func() core.ObjectStore { return store }, "mem://bucket/", coretest.StoreOptions{})
	require.Len(t, r.Results(), 18)
	for _, result := range r.Results() {
		require.True(t, result.Passed(), result)
	}
}

// What a maker offers, and what it takes.
func TestMaker(t *testing.T) {
	lax := core.Maker[core.Statistic]{
		Name: "moments", Doc: "for tests", Schema: []byte(`{}`),
		New: func(context.Context, core.Config) (core.Statistic, error) { return moments{}, nil },
	}
	caught(t, "Refuses", func(o only) { coretest.Maker(o, lax, `{}`) })
	lax.Doc = ""
	caught(t, "Listed", func(o only) { coretest.Maker(o, lax, `{}`) })
	lax.New = func(context.Context, core.Config) (core.Statistic, error) {
		return nil, core.Errorf(core.Invalid, "moments", "", "no")
	}
	caught(t, "Makes", func(o only) { coretest.Maker(o, lax, `{}`) })
}

// What is left is estimated from the shares of what has been done; and a check that found nothing to look at is not one that passed.
func TestEstimatesAndNothing(t *testing.T) {
	var left []time.Duration
	r := coretest.NewRecorder(t.Context(), time.Minute)
	r.Each = func(result coretest.Result) { left = append(left, result.Left) }
	r.Run("suite", func(r *coretest.Recorder) {
		r.Expect(map[string]int{"a": 1, "b": 1, "c": 998})
		for _, name := range []string{"a", "b", "c"} {
			r.Run(name, func(*coretest.Recorder) { time.Sleep(time.Millisecond) })
		}
	})
	require.GreaterOrEqual(t, left[1], 499*time.Millisecond) // of a thousandth each
	require.Zero(t, left[2])

	r = coretest.NewRecorder(t.Context(), time.Minute)
	coretest.Grid(r, always[core.Grid](latLon{}), coretest.GridOptions{Options: coretest.Options{Short: true}})
	absent := map[string]string{}
	for _, result := range r.Results() {
		if result.Absent != "" {
			absent[result.Name] = result.Absent
		}
		require.Empty(t, result.Skipped, result.Name)
	}
	require.Equal(t, map[string]string{
		"Axes": "no dimension has an axis", "CoverGiven": "the grid has no place for such regions", "LocateIn": "the grid is no core.ShardLocator",
		"CellOutlines": "the grid is no core.Outliner", "CellAreas": "the grid is no core.CellMeasurer", "CoverCells": "the grid is no core.CellCoverer", "Legacy": "the grid is no core.LegacyGrid",
	}, absent)
}
