package ranged

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestHeader(t *testing.T) {
	for want, r := range map[string]core.Range{
		"bytes=0-0":                  {Length: 1},
		"bytes=100-199":              {Offset: 100, Length: 100},
		"bytes=7-":                   {Offset: 7, Length: math.MaxInt64},
		"bytes=9223372036854775806-": {Offset: math.MaxInt64 - 1, Length: 2},
		"bytes=0-1125899906842623":   {Length: 1 << 50},
	} {
		require.Equal(t, want, Header(r))
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-7/100", "bytes */0", "bytes 5-9/*", "bytes */*", "", "bytes", "bytes -1--2/-3", "items 1-2/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, total, err := contentRange(s)
		if err != nil || first < 0 || last < 0 || total < 0 {
			return
		}
		a, b, c, err := contentRange(fmt.Sprintf("bytes %d-%d/%d", first, last, total))
		require.NoError(t, err)
		require.Equal(t, []int64{first, last, total}, []int64{a, b, c})
	})
}
