package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// What was never written costs nothing, whatever size it is declared to have.
func TestH5Unwritten(t *testing.T) {
	file := sharedtest.Dir(t, "cases/h5/nothing_stored_18GB.h5")
	for _, args := range [][]string{{"ls", file, "--sizes"}, {"show", file, "/lat"}, {"show", file, "/", "--recursive"}, {"show", file, "/", "--recursive", "--json", "--no-hash"}} {
		out := ok(t, append([]string{"h5"}, args...)...)
		require.Contains(t, out, "lat", args)
		require.NotContains(t, out, "\"stored_bytes\":0,\"sha256", args)
	}
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(ok(t, "h5", "show", file, "/", "--recursive", "--json")), &all))
	require.Equal(t, "18,000,000,000 of its 18,000,000,000 bytes of values were never written: --full-hash hashes them", all[1]["unhashed"])
	code, _, stderr := execute(t, "", "h5", "show", file, "/lat", "--json")
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "--select says which to print")
	require.Contains(t, ok(t, "h5", "show", file, "/lat", "--json", "--select", "-2:"), `"values":[0.0,0.0]`)

	file = sharedtest.Dir(t, "cases/h5/huge_element_fill_value.h5")
	out := ok(t, "h5", "show", file, "/", "--recursive", "--json")
	require.Less(t, len(out), 100_000)
	require.Contains(t, out, `"ad93cdd24b3546ca78730130e57d3e63a268a3a6ec8618d785bc2bd693a3326f"`)
}

// What the HDF5 library refuses is read with a warning.
func TestH5Warnings(t *testing.T) {
	for name, want := range map[string]string{"open_for_write_flag.h5": "open for writing", "truncated_user_block.h5": "3,077 bytes, the header says 4,000"} {
		code, _, stderr := execute(t, "", "h5", "ls", sharedtest.Dir(t, "cases/h5", name))
		require.Zero(t, code)
		require.True(t, strings.HasPrefix(stderr, "warning: "), stderr)
		require.Contains(t, stderr, want)
	}
	out := ok(t, "h5", "show", sharedtest.Dir(t, "cases/h5/std_ref_trefer_reg.h5"), "/Dataset1", "--json")
	require.Equal(t, 4, strings.Count(out, `"path":"/Dataset2","selection":{"base64":"`))
}
