package coretest_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

// A veteran is a latLon with the powers of grids that earlier releases knew. Its cover of cells is the shards whose place in
// the list keep says; its old keys begin with "old:".
type veteran struct {
	latLon
	keep   func(n int) bool
	usable bool
	twice  bool // restores what is complete
}

func (v veteran) CoverCells(_ context.Context, sets [][]uint64, margins []float64) ([][]core.ShardKey, []bool, error) {
	if len(sets) != len(margins) {
		return nil, nil, core.Errorf(core.Invalid, "cover", "", "%d sets, %d margins", len(sets), len(margins))
	}
	keys, ok := make([][]core.ShardKey, len(sets)), make([]bool, len(sets))
	for i, set := range sets {
		ok[i] = v.usable
		for _, w := range set {
			ok[i] = ok[i] && w>>60 > 0 && w>>60 < 13
		}
		for n := range shardRows * shardCols {
			if ok[i] && v.keep(n) {
				keys[i] = append(keys[i], core.ShardKey(strconv.Itoa(n)))
			}
		}
	}
	return keys, ok, nil
}

func (v veteran) Orders() (int, int) { return 1, 2 }

func (v veteran) Restore(_ context.Context, old core.Legacy) (core.Restored, error) {
	r := core.Restored{Signature: old.Signature, Explicit: old.Signature, Settings: old.Settings}
	if len(old.Signature) > 0 && json.Unmarshal(old.Signature, &map[string]any{}) != nil {
		return r, core.Errorf(core.Invalid, "restore", "signature", "no object")
	}
	if v.twice && len(old.Settings) > 0 {
		r.Settings = core.Config(`{"again":` + strconv.Quote(string(old.Settings)) + `}`)
	}
	return r, nil
}

func TestVeterans(t *testing.T) {
	all := func(int) bool { return true }
	suite := func(v veteran) func(only) {
		return func(o only) {
			coretest.Grid(o, func(context.Context) (core.Grid, error) { return v, nil }, coretest.GridOptions{Options: coretest.Options{Short: true}})
		}
	}
	for _, good := range []veteran{{keep: all, usable: true}, {keep: all}} {
		r := coretest.NewRecorder(t.Context(), 0)
		for _, check := range []string{"CoverCells", "Legacy"} {
			suite(good)(only{r, check})
		}
		for _, result := range r.Results() {
			require.True(t, result.Passed(), "%v", result)
		}
	}
	caught(t, "CoverCells", suite(veteran{keep: func(n int) bool { return n%2 == 0 }, usable: true}))
	caught(t, "Legacy", suite(veteran{keep: all, usable: true, twice: true}))
}
