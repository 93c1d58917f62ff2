package spelling

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"kitten", "sitting", 3}, {"parent_ordr", "parent_order", 1}, {"abc", "", 3}, {"flaw", "lawn", 2}, {"gird", "grid", 1}} {
		require.Equal(t, c.want, Distance(c.a, c.b), "%s %s", c.a, c.b)
	}
	require.Equal(t, Longest, Distance(strings.Repeat("a", 1<<20), strings.Repeat("b", 1<<20)))
}

func TestDistanceOfAllShortWords(t *testing.T) {
	words := []string{""}
	for at := 0; len(words[at]) < 4; at++ {
		words = append(words, words[at]+"a", words[at]+"b")
	}
	for _, a := range words {
		for _, b := range words {
			d := Distance(a, b)
			require.Equal(t, d, Distance(b, a))
			require.Equal(t, a == b, d == 0)
			require.LessOrEqual(t, d, max(len(a), len(b)))
			require.LessOrEqual(t, Distance(a+"x", b), d+1)
		}
	}
}
