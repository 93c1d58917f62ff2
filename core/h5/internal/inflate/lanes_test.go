package inflate

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The two lanes of two are the same to the letter, but for the names that end in A or B and the number of the lane.
func TestLanes(t *testing.T) {
	text, err := os.ReadFile("two.go")
	require.NoError(t, err)
	lanes := regexp.MustCompile(`(?s)\n\t\t\{\n.*?\n\t\t\}\n`).FindAllString(strings.ReplaceAll(string(text), "\n\t\t}\n\t\t{\n", "\n\t\t}\n\n\t\t{\n"), -1)
	require.Len(t, lanes, 2)
	plain := func(lane, letter, number string) string {
		lane = regexp.MustCompile(`\b(\w+)`+letter+`\b`).ReplaceAllString(lane, "$1")
		lane = strings.ReplaceAll(lane, "lane, why = "+number+",", "lane, why = N,")
		return regexp.MustCompile(` *// .*`).ReplaceAllString(lane, "")
	}
	require.Equal(t, plain(lanes[0], "A", "0"), plain(lanes[1], "B", "1"))
}
