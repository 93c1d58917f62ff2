package store

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// A record that was kept is not read again, but once; what is not kept is.
func TestKeptRecordsAreReadOnce(t *testing.T) {
	ctx, mem := t.Context(), &objstore.Mem{}
	var used objstore.Counter
	s := objstore.Meter(mem, &used)
	require.NoError(t, (&Record{Label: "a", Status: job.OK}).Save(ctx, mem, "mem://s"))
	r, _, err := FindRecord(ctx, s, "mem://s", "a")
	require.NoError(t, err)
	reads := used.Usage().Gets
	var k Kept
	k.Keep(r)
	got, damaged, err := k.Find(ctx, s, "mem://s", "a")
	require.NoError(t, err)
	require.False(t, damaged)
	require.Same(t, r, got)
	require.Equal(t, reads, used.Usage().Gets)

	for _, find := range []*Kept{&k, nil} {
		got, _, err = find.Find(ctx, s, "mem://s", "a")
		require.NoError(t, err)
		require.NotSame(t, r, got)
		got, _, err = find.Find(ctx, s, "mem://s", "none")
		require.NoError(t, err)
		require.Nil(t, got)
	}
	require.EqualValues(t, 1, reads)
	require.EqualValues(t, 5, used.Usage().Gets)

	k.Without("none")
	got, damaged, err = k.Find(ctx, s, "mem://s", "none")
	require.NoError(t, err)
	require.False(t, damaged)
	require.Nil(t, got)
	require.EqualValues(t, 5, used.Usage().Gets, "a listing has shown that there is none")
	require.NoError(t, (&Record{Label: "none", Status: job.OK}).Save(ctx, mem, "mem://s"))
	got, _, err = k.Find(ctx, s, "mem://s", "none")
	require.NoError(t, err)
	require.NotNil(t, got, "who looks again wants to know what is there now")
	require.Zero(t, used.Usage().Heads)
	require.NoError(t, (&Record{Label: "late", Status: job.OK}).Save(ctx, mem, "mem://s"))
	k.Without("late")
	k.LookAgain()
	got, _, err = k.Find(ctx, s, "mem://s", "late")
	require.NoError(t, err)
	require.NotNil(t, got, "others are at work on the store")

	var full Kept
	for i := range mostKept {
		full.Keep(&Record{Label: fmt.Sprint(i)})
	}
	require.LessOrEqual(t, full.size, mostKept)
	require.Len(t, full.records, mostKept/8)
	require.True(t, core.Is(PutClaim(ctx, s, "mem://s", []byte(`{"spec": "other"}`), ""), core.Invalid))
}
