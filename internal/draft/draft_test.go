package draft

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRunsOwnRows(t *testing.T) {
	for _, c := range []struct {
		runs       runs
		base, rows int64
		own        bool
	}{
		{runs{{1, 3}, {4, 2}}, 1, 5, true},
		{runs{{0, 3}, {3, 2}}, 0, 5, true},
		{runs{{0, 3}, {3, 2}}, 1, 5, false},
		{runs{{1, 3}, {3, 2}}, 1, 5, false},                       // a row twice
		{runs{{1, 3}, {4, 3}}, 1, 5, false},                       // beyond the end
		{runs{{1, 2}}, 1, 5, false},                               // too few to be meant
		{runs{{1, 1 << 62}, {4, 1 << 62}}, 1, 5, false},           // no overflow
		{runs{{-1 << 62, 3}}, 0, 5, false}, {runs{}, 0, 0, false}, // nothing
		{runs{{1, -3}, {4, 5}}, 1, 8, false}, {runs{{1, 5}}, 1, 5, true}, // no record owns fewer than none
	} {
		require.Equal(t, c.own, c.runs.own(c.base, c.rows), "%v", c)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"lat": true, "lat_ph": true, "ph_lat": true, "plate": false, "platform": false, "lat2": true} {
		got := false
		for at := 0; at+3 <= len(name); at++ {
			got = got || name[at:at+3] == "lat" && isWord(name, at, 3)
		}
		require.Equal(t, want, got, name)
	}
	require.Equal(t, "v_2_m_temp_C_", identifier("2 m temp (C)"))
	require.Equal(t, []string{"atl06", "atl06_polar"}, shippedFor("s3://b/ATL06_20190221121851_08410203_005_01.h5"))
	require.Equal(t, []string{"gedi02_a"}, shippedFor("GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5"))
	require.Empty(t, shippedFor("buoys.h5"))
}

func TestGoodFlags(t *testing.T) {
	for _, c := range []struct {
		column column
		value  string
		ok     bool
	}{
		{column{path: "/q", meanings: "good bad", flags: []string{"0", "1"}}, "0", true},
		{column{path: "/q", meanings: "invalid valid", flags: []string{"0", "1"}}, "1", true},
		{column{path: "/q", meanings: "goodness_unknown bad", flags: []string{"0", "1"}}, "", false},
		{column{path: "/q", meanings: "good bad", flags: []string{"0"}}, "", false},
		{column{path: "/{group}/quality_flag"}, "1", true},
		{column{path: "/{group}/degrade"}, "0", true},
		{column{path: "/{group}/cloud_flag"}, "", false},
	} {
		value, _, ok := c.column.good()
		require.Equal(t, c.ok, ok, "%v", c)
		require.Equal(t, c.value, value, "%v", c)
	}
}

// What a file says cannot end a comment and be read as configuration.
func TestCommentsStayComments(t *testing.T) {
	var out text
	out.commented("  a: b", "one\ntwo: three\r\x1b[31mred")
	require.Equal(t, "  a: b   # one two: three\\x0d\\x1b[31mred\n", out.String())
	require.Equal(t, `"a\"\nb: c"`, quoted("a\"\nb: c"))
}
