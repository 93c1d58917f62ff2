package plan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/names"
	"github.com/englacial/zagg/internal/job"
)

// A named knows the names of ICESat-2 and GEDI, and reads nothing.
type named struct {
	core.ProductReader
	names *names.Reader
}

func (n named) Identify(_ context.Context, files []string) ([]core.Identity, error) {
	ids := make([]core.Identity, len(files))
	for i, f := range files {
		ids[i] = n.names.Identify(f)
	}
	return ids, nil
}

func listed(addresses ...string) []core.Granule {
	out := make([]core.Granule, len(addresses))
	for i, a := range addresses {
		out[i] = core.Granule{ID: fmt.Sprint("catalog-", i), Assets: map[string]string{"data": a}}
	}
	return out
}

// Of every product the newest of the granules with the same observations is used, wherever each is kept and in whatever order
// they are listed; what cannot be told is refused with both names.
func TestSelect(t *testing.T) {
	forms := map[string]func(release, revision int) string{}
	for _, p := range []string{"ATL03", "ATL06", "ATL08", "ATL07-01"} {
		forms[p] = func(v, r int) string { return fmt.Sprintf("%s_20190101000000_01230112_%03d_%02d", p, v, r) }
	}
	for _, p := range []string{"GEDI01_B", "GEDI02_A", "GEDI04_A"} {
		forms[p] = func(v, r int) string {
			return fmt.Sprintf("%s_2019108002012_O01959_01_T03909_02_%03d_01_V%03d", p, r, v)
		}
	}
	folders := []string{"", "granules/", "/data/x/", "s3://bucket/prefix/", "https://host/path/"}
	rng := rand.New(rand.NewPCG(1, 2))
	folder := func() string { return folders[rng.IntN(len(folders))] }
	for product, name := range forms {
		for what, c := range map[string]struct {
			used string
			left []string
		}{
			"revisions":              {name(7, 2), []string{name(7, 1)}},
			"releases":               {name(7, 1), []string{name(6, 2), name(6, 3)}},
			"a part beside it":       {name(7, 1), []string{"processed_" + name(7, 1), name(7, 1) + "_subsetted"}},
			"a part of an older one": {name(7, 1), []string{"processed_" + name(6, 9)}},
			"parts of one kind":      {"processed_" + name(7, 2), []string{"processed_" + name(7, 1), "processed_" + name(6, 1)}},
			"no other":               {name(7, 1), nil},
		} {
			addresses := []string{folder() + c.used + ".h5", "elsewhere/" + strings.Replace(name(7, 1), "2019", "2020", 1) + ".h5"}
			for _, n := range c.left {
				addresses = append(addresses, folder()+n+".h5")
			}
			rng.Shuffle(len(addresses), func(i, k int) { addresses[i], addresses[k] = addresses[k], addresses[i] })
			lists := [][]core.Granule{listed(addresses...), listed(addresses[:1]...), nil}
			out, err := Select(t.Context(), named{names: names.New()}, lists)
			require.NoError(t, err, "%s, %s", product, what)
			require.Len(t, lists[0], 2, "%s, %s", product, what)
			require.Len(t, out, len(c.left))
			for _, s := range out {
				require.Equal(t, c.used+".h5", s.By)
				require.NotContains(t, ids(lists[0]), s.Granule)
			}
			require.Contains(t, ids(lists[0]), c.used+".h5")
		}
		for what, pair := range map[string][2]string{
			"copies":               {"a/" + name(7, 1) + ".h5", "s3://b/" + name(7, 1) + ".h5"},
			"formats":              {"a/" + name(7, 1) + ".h5", "a/" + name(7, 1) + ".nc"},
			"two parts":            {"processed_" + name(7, 1) + ".h5", name(7, 1) + "_subsetted.h5"},
			"two parts, two years": {"processed_" + name(7, 1) + ".h5", name(6, 1) + "_subsetted.h5"},
			"a newer part":         {name(7, 1) + ".h5", "processed_" + name(7, 2) + ".h5"},
		} {
			for range 2 {
				_, err := Select(t.Context(), named{names: names.New()}, [][]core.Granule{listed(pair[0]), listed(pair[1])})
				require.Equal(t, core.Invalid, core.CodeOf(err), "%s, %s", product, what)
				require.ErrorContains(t, err, pair[0])
				require.ErrorContains(t, err, pair[1])
				pair[0], pair[1] = pair[1], pair[0]
			}
		}
	}
}

// Files whose names say nothing are told apart by their addresses, whatever a catalog calls them, and so are their sets.
func TestSelectByAddress(t *testing.T) {
	for _, reader := range []core.ProductReader{named{names: names.New()}, &points{}} {
		a, b := listed("s3://b/one/data.h5"), listed("s3://b/two/data.h5", "s3://b/one/data.h5", "/x/data.h5")
		out, err := Select(t.Context(), reader, [][]core.Granule{a, b})
		require.NoError(t, err)
		require.Empty(t, out)
		require.Equal(t, []string{"s3://b/two/data.h5", "s3://b/one/data.h5", "/x/data.h5"}, ids(b))
		require.NotEqual(t, job.GranulesHash(ids(a)), job.GranulesHash(ids(b[:1])))
		require.NotEqual(t, job.GranulesHash(ids(a)), job.GranulesHash(ids(b[:2])))
		_, err = Make(t.Context(), newGrid(t, `{"parent_order": 6, "child_order": 12}`), []core.ShardKey{"-5111123"}, [][]core.Granule{append(a, b[1])})
		require.ErrorContains(t, err, "granule s3://b/one/data.h5 is listed twice")
	}
}

// Each granule has one home, the first shard that has it, and what it replaced is noted there.
func TestHome(t *testing.T) {
	grid := newGrid(t, `{"parent_order": 6, "child_order": 12}`)
	p, err := Make(t.Context(), grid, []core.ShardKey{"-5111124", "-5111123", "1111111"}, [][]core.Granule{granules("b", "a"), granules("b", "c"), granules("a", "c", "b")})
	require.NoError(t, err)
	p.Leave([]job.Superseded{{Granule: "a0", By: "a"}, {Granule: "b0", By: "b"}})
	homes := map[string]int{}
	for _, s := range p.Shards {
		require.NotNil(t, s.Home)
		for _, k := range s.Home {
			homes[s.Granules[k].ID]++
		}
	}
	require.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1}, homes)
	first := p.Shards[0]
	require.Len(t, first.Home, len(first.Granules), "all granules of the first shard are at home there")
	noted := 0
	for _, s := range p.Shards {
		noted += len(s.Superseded)
	}
	require.Equal(t, 2, noted)
}
