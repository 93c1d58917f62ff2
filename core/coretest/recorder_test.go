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
	caught(t, "Names", func(o only) { coretest.Maker(o, lax, `{}`) })
	lax.New = func(context.Context, core.Config) (core.Statistic, error) {
		return nil, core.Errorf(core.Invalid, "moments", "", "no")
	}
	caught(t, "Makes", func(o only) { coretest.Maker(o, lax, `{}`) })
}
