package job

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// When observations were made is known of a sum of receipts only if it is known of all that have rows.
func TestReceiptsObserved(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2024, 5, d, 0, 0, 0, 0, time.UTC) }
	rows := func(first, last int) *Receipt {
		return &Receipt{Observed: &Observed{day(first), day(last)}, Observations: Observations{Kept: 1}}
	}
	none, unknown := &Receipt{}, &Receipt{Observations: Observations{Kept: 1}}
	for _, c := range []struct {
		parts []*Receipt
		want  *Observed
	}{
		{nil, nil}, {[]*Receipt{none, none}, nil}, {[]*Receipt{none, rows(2, 3), none}, &Observed{day(2), day(3)}},
		{[]*Receipt{rows(2, 3), rows(1, 2), rows(3, 5)}, &Observed{day(1), day(5)}},
		{[]*Receipt{rows(2, 3), unknown}, nil}, {[]*Receipt{unknown, rows(2, 3), none}, nil},
	} {
		var sum Receipt
		for _, p := range c.parts {
			sum.Add(p)
		}
		require.Equal(t, c.want, sum.Observed)
	}
	a := rows(2, 3)
	(&Receipt{}).Add(a)
	sum := *a
	sum.Add(rows(1, 9))
	require.Equal(t, day(2), a.Observed.First, "what is added up is not changed")
}
