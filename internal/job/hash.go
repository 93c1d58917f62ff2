package job

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// GranulesHash names a set of granules by what they are known by (Identify): the hex SHA-256 of the sorted IDs, joined by
// newlines. An ID with a newline in it is quoted as in Go.
func GranulesHash(ids []string) string {
	lines := make([]string, len(ids))
	for i, id := range ids {
		if lines[i] = id; strings.Contains(id, "\n") {
			lines[i] = strconv.Quote(id)
		}
	}
	slices.Sort(lines)
	return hashLines(lines)
}

// PlanHash names the arrangement of shards in a store: the hex SHA-256 of the layout and, where the place of a shard
// depends on the others (compact), all planned keys in order.
func PlanHash(layout string, keys []core.ShardKey) string {
	lines := []string{layout}
	if layout == "compact" {
		for _, k := range keys {
			lines = append(lines, string(k))
		}
	}
	return hashLines(lines)
}

func hashLines(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}
