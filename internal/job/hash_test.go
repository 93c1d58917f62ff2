package job

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/sharedtest"
)

// The hash of a set of granules is the one that earlier releases recorded.
func TestGranulesHash(t *testing.T) {
	data, err := os.ReadFile(sharedtest.Dir(t, "golden", "small", "event_-5111123.json"))
	require.NoError(t, err)
	j := decode(t, string(data))
	var response struct{ Body string }
	data, err = os.ReadFile(sharedtest.Dir(t, "golden", "small", "event_-5111123_response.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &response))
	var ids []string
	for _, g := range j.Granules {
		ids = append([]string{BareName(g.URL())}, ids...) // any order
	}
	require.Contains(t, response.Body, `"granules_sha256": "`+GranulesHash(ids)+`"`)
	require.Equal(t, GranulesHash([]string{"a.h5", "b.h5"}), GranulesHash([]string{"b.h5", "a.h5"}))
	require.NotEqual(t, GranulesHash([]string{"a.h5", "b.h5"}), GranulesHash([]string{"a.h5\nb.h5"}))
	require.NotEqual(t, GranulesHash([]string{"/x/a.h5"}), GranulesHash([]string{"/x/a.h5", "/y/a.h5"}))
	require.NotEqual(t, GranulesHash([]string{"a.h5"}), GranulesHash([]string{"b.h5"}))
}

func TestPlanHash(t *testing.T) {
	a, b := []core.ShardKey{"1", "2"}, []core.ShardKey{"2", "1"}
	require.NotEqual(t, PlanHash("compact", a), PlanHash("compact", b))
	require.NotEqual(t, PlanHash("compact", a), PlanHash("compact", a[:1]))
	require.Equal(t, PlanHash("fullsphere", a), PlanHash("fullsphere", b), "a shard's place does not depend on the others")
	require.NotEqual(t, PlanHash("fullsphere", a), PlanHash("compact", nil))
}
