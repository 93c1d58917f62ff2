//go:build cgo

package h3

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
)

// anyCell is a random cell; one in four is a pentagon or below one.
func anyCell(r *rand.Rand, resolution int) cellID {
	for {
		base := r.IntN(baseCells)
		c := baseCell(base)
		pentagon := r.IntN(4) == 0
		if pentagon {
			c = baseCell(pentagons(0)[r.IntN(12)].base())
		}
		straight := r.IntN(resolution + 1)
		for k := 1; k <= resolution; k++ {
			digit := r.IntN(7)
			if pentagon && k <= straight {
				digit = 0
			}
			c = c.child(digit)
		}
		if !c.isVoid() {
			return c
		}
	}
}

// pentagons are the twelve of a resolution.
func pentagons(resolution int) []cellID {
	var out []cellID
	for b := range baseCells {
		if isPentagonBase(b) {
			out = append(out, baseCell(b).center(resolution))
		}
	}
	return out
}

func TestIndexAsH3(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 20000 {
		k := i % 16
		c := anyCell(r, k)
		u := uber.Cell(c)
		require.True(t, u.IsValid(), c)
		require.True(t, c.isCell())
		require.Equal(t, u.String(), c.String())
		require.Equal(t, u.Resolution(), c.resolution())
		require.Equal(t, u.BaseCellNumber(), c.base())
		require.Equal(t, u.IsPentagon(), c.isPentagon())
		up := r.IntN(k + 1)
		parent, err := u.Parent(up)
		require.NoError(t, err)
		require.Equal(t, parent, uber.Cell(c.parent(up)))
		require.Equal(t, c, c.parent(up).descendant(k, c.slot(up)))
		center, err := parent.CenterChild(k)
		require.NoError(t, err)
		require.Equal(t, center, uber.Cell(c.parent(up).center(k)))
		if k < maxResolution {
			want, err := u.ImmediateChildren()
			require.NoError(t, err)
			var got []uber.Cell
			for d := range 7 {
				if child := c.child(d); !child.isVoid() {
					got = append(got, uber.Cell(child))
				}
			}
			require.Equal(t, want, got)
		}
	}
	want, err := uber.Pentagons(7)
	require.NoError(t, err)
	for i, c := range pentagons(7) {
		require.Equal(t, want[i], uber.Cell(c))
	}
}

// TestValidAsH3: what is a cell, of numbers that nearly are.
func TestValidAsH3(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	valid := 0
	for range 200000 {
		c := anyCell(r, r.IntN(16))
		for range r.IntN(3) {
			c ^= 1 << r.IntN(64)
		}
		require.Equal(t, uber.Cell(c).IsValid(), c.isCell(), "%x", uint64(c))
		if c.isCell() {
			valid++
		}
	}
	require.Greater(t, valid, 50000)
}

// TestVoidSlots: of the 7^d slots below a pentagon (7^d-1)/6 are void, below a hexagon none.
func TestVoidSlots(t *testing.T) {
	for depth := range 6 {
		for _, p := range append(pentagons(2), anyCell(rand.New(rand.NewPCG(1, 1)), 3)) {
			if !p.isPentagon() {
				require.False(t, p.isVoid())
				continue
			}
			void := int64(0)
			var cells []cellID
			for i := range power7(depth) {
				c := p.descendant(2+depth, i)
				if c.isVoid() {
					require.False(t, uber.Cell(c).IsValid())
					void++
				} else {
					cells = append(cells, c)
				}
			}
			require.Equal(t, (power7(depth)-1)/6, void)
			want, err := uber.Cell(p).Children(2 + depth)
			require.NoError(t, err)
			slices.Sort(want)
			require.Len(t, cells, len(want))
			for i := range want {
				require.Equal(t, want[i], uber.Cell(cells[i]))
			}
		}
	}
}

// TestKeySpellings: all spellings of one cell are one key, and no spelling is another's.
func TestKeySpellings(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for i := range 5000 {
		c := anyCell(r, i%16)
		hex := c.String()
		require.Len(t, hex, 15)
		require.True(t, strings.ContainsAny(hex, "abcdef"), hex)
		for _, s := range []string{hex, strings.ToUpper(hex), "0x" + hex, "0X" + strings.ToUpper(hex), "0" + hex, "0x0" + hex, strconv.FormatUint(uint64(c), 10)} {
			got, ok := cellFromKey(core.ShardKey(s))
			require.True(t, ok, s)
			require.Equal(t, c, got)
		}
		require.Len(t, string(c.key()), 18) // numeric order is key order
	}
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"83a3b1fffffffff", "592851309577633791", "0x80D1FFFFFFFFFFF", "8f2830828052d25", "-1", "0x0x8", "", "1e9", "8009fffffffffff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := cellFromKey(core.ShardKey(s))
		if !ok {
			return
		}
		require.True(t, uber.Cell(c).IsValid())
		for _, again := range []core.ShardKey{c.key(), core.ShardKey(c.String())} {
			d, ok := cellFromKey(again)
			require.True(t, ok)
			require.Equal(t, c, d)
		}
	})
}
