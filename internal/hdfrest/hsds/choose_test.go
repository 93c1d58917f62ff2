package hsds_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/hdfrest"
)

// Concurrent requests that each change one of the rows for which a condition holds change different rows.
func TestConcurrentQueriesClaimDifferentRows(t *testing.T) {
	f := newRefusing(t, hdfrest.Limits{})
	var claims sync.WaitGroup
	rows := make([][]int, 5)
	for i := range rows {
		claims.Go(func() {
			r := f.ask("admin", "PUT", "/datasets/"+f.rows+"/value", url.Values{"domain": {domainOf}, "query": {"a == 0"}, "Limit": {"1"}}, map[string]any{"a": i + 1})
			var answer struct{ Value [][]any }
			if json.Unmarshal(r.Body, &answer) != nil {
				return
			}
			for _, row := range answer.Value {
				rows[i] = append(rows[i], int(row[0].(float64)))
			}
		})
	}
	claims.Wait()
	all := slices.Concat(rows...)
	slices.Sort(all)
	require.Equal(t, []int{0, 1, 2, 3, 4}, all)
}
