package run

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Only what other shards cannot cure, and only in a row, ends a run.
func TestStreak(t *testing.T) {
	of := func(c core.Code) error { return core.Errorf(c, "x", "y", "z") }
	repeat := func(n int, err error) []error {
		list := make([]error, n)
		for i := range list {
			list[i] = err
		}
		return list
	}
	for name, c := range map[string]struct {
		ends []error
		want bool
	}{
		"denied":                 {repeat(enoughAlike, of(core.Denied)), true},
		"full":                   {repeat(enoughAlike, of(core.Invalid)), true},
		"one less":               {repeat(enoughAlike-1, of(core.Denied)), false},
		"granules that are gone": {repeat(3*enoughAlike, of(core.NotFound)), false},
		"damaged granules":       {repeat(3*enoughAlike, of(core.Corrupt)), false},
		"the network":            {repeat(3*enoughAlike, of(core.Unavailable)), false},
		"one goes well":          {append(append(repeat(enoughAlike-1, of(core.Denied)), nil), repeat(enoughAlike-1, of(core.Denied))...), false},
		"for two reasons":        {append(repeat(enoughAlike-1, of(core.Denied)), repeat(enoughAlike-1, of(core.Invalid))...), false},
	} {
		var s streak
		got := false
		for _, err := range c.ends {
			got = got || s.add(err)
		}
		require.Equal(t, c.want, got, name)
	}
}
