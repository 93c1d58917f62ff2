package stored

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/windows"
	"github.com/englacial/zagg/internal/zarr"
)

// months is a store of three months, made from granules of a longer time.
func months() *Store {
	attrs := json.RawMessage(`{"title":"t","granule_count":3,"time_coverage_start":"2023-12-01T00:00:00Z","time_coverage_end":"2025-01-01T00:00:00Z"}`)
	return &Store{URL: "file:///data/monthly.zarr", Name: "12", Group: &zarr.Group{Attrs: attrs},
		Made:    store.Origin{Windows: &windows.Axis{Schedule: "monthly", First: "2024-05", Count: 3}},
		Records: []*store.Record{{Label: "-51_2024-05"}, {Label: "-51_2024-06"}, {Label: "-52_2024-06"}}}
}

// What is shown of one window says which, and tells of its time.
func TestAtTime(t *testing.T) {
	for text, want := range map[string][3]string{
		"2024-05":              {"2024-05", "2024-05-01T00:00:00Z", "2024-06-01T00:00:00Z"},
		"2024-06-30T23:59:59Z": {"2024-06", "2024-06-01T00:00:00Z", "2024-07-01T00:00:00Z"},
		"2024-07-01":           {"2024-07", "2024-07-01T00:00:00Z", "2024-08-01T00:00:00Z"},
	} {
		s := months()
		require.Equal(t, "monthly.zarr", s.Title())
		require.NoError(t, s.AtTime(text), text)
		require.Equal(t, "monthly.zarr, "+want[0], s.Title())
		require.JSONEq(t, `{"title":"t","granule_count":3,"window":"`+want[0]+`","time_coverage_start":"`+want[1]+`","time_coverage_end":"`+want[2]+`"}`, string(s.Group.Attrs))
		for _, r := range s.Records {
			require.Contains(t, r.Label, want[0])
		}
	}
}

func TestAtTimeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":        "file:///data/monthly.zarr: the store has 3 windows of time, 2024-05 to 2024-07: say by --time which one, such as --time 2024-07",
		"2024-08": "--time 2024-08: it is none of the store's windows; have 3 windows of time, 2024-05 to 2024-07",
		"June":    "--time June: it is none of the store's windows; have 3 windows of time, 2024-05 to 2024-07",
	} {
		require.EqualError(t, months().AtTime(text), want)
	}
	s := months()
	s.Made.Windows = nil
	require.NoError(t, s.AtTime(""))
	require.True(t, core.Is(s.AtTime("2024-05"), core.Invalid))
}
