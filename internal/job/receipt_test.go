package job

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestReceiptAdd(t *testing.T) {
	var sum Receipt
	a := Receipt{Reads: 1, Writes: 2, BytesRead: 3, BytesWritten: 4, Seconds: 5, CPUSeconds: 6, MaxMemory: 7, SpillBytes: 8, Cells: 9, Granules: 10,
		Phases: map[string]float64{"read": 1}, NoGroup: []GroupNote{{"a", "gt1l"}}, EmptyGroup: []GroupNote{{"a", "gt2l"}},
		ReadErrors:   []ReadError{NewReadError("a", core.Errorf(core.Denied, "get", "a", "%w", errors.New("403")))},
		Observations: Observations{Read: 11, Kept: 10, Dropped: map[string]int64{DropNaN: 1}}}
	sum.Add(&a)
	require.Equal(t, a, sum)
	sum.Add(&a)
	require.Equal(t, Receipt{Reads: 2, Writes: 4, BytesRead: 6, BytesWritten: 8, Seconds: 10, CPUSeconds: 12, MaxMemory: 7, SpillBytes: 16, Cells: 18, Granules: 20,
		Phases: map[string]float64{"read": 2}, NoGroup: []GroupNote{{"a", "gt1l"}, {"a", "gt1l"}}, EmptyGroup: []GroupNote{{"a", "gt2l"}, {"a", "gt2l"}},
		ReadErrors:   []ReadError{{"a", "denied", "get a: 403"}, {"a", "denied", "get a: 403"}},
		Observations: Observations{Read: 22, Kept: 20, Dropped: map[string]int64{DropNaN: 2}}}, sum)
	require.Equal(t, int64(1), a.Observations.Dropped[DropNaN], "the receipt added is left alone")
}
