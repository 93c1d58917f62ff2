//go:build suites

package examples

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The plugin in JavaScript keeps every promise, gives what a run needs, and gives the numbers of maximum and minimum.
func TestJavaScript(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node")
	}
	plugin := filepath.Join("examples", "javascript", "spread.js")
	out := zagg(t, "plugins", "verify", "--short", "--", "node", plugin)
	require.Contains(t, out, " 0 broken, 0 skipped")
	require.Contains(t, out, "ok      process/HostGone")

	got := stored(t, "cmd/zagg/cli/sample", `plugins: [{name: spread, command: [node, `+plugin+`]}]
data_source:
  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables:
    h_max: {function: max, source: h_li, dtype: float64}
    h_min: {function: min, source: h_li, dtype: float64}
    h_spread: {function: spread, source: h_li, params: {factor: 3}, dtype: float64}
output:
  grid: {type: healpix, parent_order: 6, child_order: 12}
`, "12", "h_max", "h_min", "h_spread")
	some := 0
	for i, spread := range got["h_spread"] {
		if spread == spread {
			require.InDelta(t, 3*(got["h_max"][i]-got["h_min"][i]), spread, 1e-9)
			some++
		}
	}
	require.Positive(t, some)
}
