//go:build suites

package expr_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/expr"
)

// A stacker writes random expressions of rows: mostly of the inner shape there must be, some of others.
type stacker struct {
	r      *rand.Rand
	budget int
}

func (g *stacker) one(list ...string) string { return list[g.r.IntN(len(list))] }

// column is an array of the cell's rows.
func (g *stacker) column() string {
	switch x := g.one("f", "g", "s", "i", "j", "u", "b"); g.r.IntN(6) {
	case 0:
		return fmt.Sprintf("(%s * 2)", x)
	case 1:
		return fmt.Sprintf("(%s + cf)", x)
	case 2:
		return fmt.Sprintf("np.where(%s > ci, %s, 0)", x, x)
	default:
		return x
	}
}

func (g *stacker) columns(n int, selected string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = g.column() + selected
	}
	return strings.Join(all, ", ")
}

// rows are of n numbers each. selected is what makes their number another than the cell's.
func (g *stacker) rows(n int, selected string) string {
	g.budget--
	if g.budget < 0 {
		return fmt.Sprintf("np.column_stack((%s,))", g.columns(n, selected))
	}
	switch g.r.IntN(13) {
	case 0:
		return fmt.Sprintf("np.stack((%s,), axis=%s)", g.columns(n, selected), g.one("1", "-1"))
	case 1, 2:
		return fmt.Sprintf("np.%s([%s]).T", g.one("array", "asarray", "vstack", "stack"), g.columns(n, selected))
	case 3:
		return fmt.Sprintf("(%s %s %s)", g.rows(n, selected), g.one("+", "-", "*"), g.one("2", "cf", "0.5", g.rows(n, selected)))
	case 4:
		x := g.rows(n, selected)
		return fmt.Sprintf("%s(%s)", g.one("np.abs", "np.floor", "np.sign", "np.asarray", "-", "+"), x)
	case 5:
		return fmt.Sprintf("%s.astype('%s')", g.rows(n, selected), g.one("float32", "float64"))
	case 6:
		return fmt.Sprintf("np.where(%s > cf, %s, %s)", g.rows(n, selected), g.rows(n, selected), g.one("0", "np.nan", g.rows(n, selected)))
	case 7:
		return fmt.Sprintf("(%s if %s else %s)", g.rows(n, selected), g.one("cf > 0", "len(f) > 3", "True"), g.rows(n, selected))
	default:
		return fmt.Sprintf("np.column_stack((%s,))", g.columns(n, selected))
	}
}

// some are rows of any number.
func (g *stacker) some(n int) string {
	switch g.r.IntN(9) {
	case 0:
		return g.rows(n, "[b]")
	case 1:
		return g.rows(n, g.one("[:3]", "[::-1]", "[1:]", "[::2]"))
	case 2:
		return g.rows(n, "") + g.one("[b]", "[f > 0]", "[:2]", "[::-1]", "[-2:]", "[:len(f) // 2]", "[1:1]")
	case 3:
		return fmt.Sprintf("np.concatenate((%s, %s))", g.rows(n, ""), g.some(n))
	case 4:
		return fmt.Sprintf("(%s if %s else %s)", g.some(n), g.one("cf > 0", "len(f) > 3", "np.any(b)"), g.some(n))
	case 5:
		x := g.column()
		return fmt.Sprintf("%s[:len(%s) // %d * %d].reshape(-1, %d)", x, x, n, n, n)
	case 6:
		return fmt.Sprintf("np.column_stack((%s))", strings.Repeat(g.one("np.min(i)", "cf", "len(f)")+", ", n))
	}
	return g.rows(n, "")
}

// top is an expression whose rows shall have an inner shape.
func (g *stacker) top(inner []int) string {
	g.budget = 3
	n := 1
	for _, x := range inner {
		n *= x
	}
	switch g.r.IntN(14) {
	case 0: // of one dimension, cut into rows where inner is one number
		return g.one("f[b]", "i", "np.concatenate((f, g))", "np.array([cf, ci])", "(cf, ci)", "[np.min(f), 1, len(f), cf]", "np.histogram(g, 4, (-2, 2))[0]", g.rows(n, "")+".reshape(-1)")
	case 1: // not what is asked for
		return g.one("cf", "np.sum(f)", g.some(n+1), "np.stack((f, g))", "f[:0]", "f * np.column_stack((f, g))", "np.sum(np.column_stack((f, g)))", "np.column_stack((f, g[:1]))",
			"np.column_stack((f, g))[0]", "np.column_stack((f, g))[np.column_stack((b, b))]", "(f, g)", "f.reshape(-1, 7)")
	}
	if len(inner) == 1 {
		return g.some(n)
	}
	extents := strings.Trim(strings.ReplaceAll(fmt.Sprint(inner), " ", ", "), "[]")
	return g.one("np.reshape(%s, (-1, %s))", "(%s).reshape(-1, %s)", "(%s).reshape((-1, %s))") + "|" + g.some(n) + "|" + extents
}

func (g *stacker) text(inner []int) string {
	parts := strings.Split(g.top(inner), "|")
	if len(parts) == 3 {
		return fmt.Sprintf(parts[0], parts[1], parts[2])
	}
	return strings.Join(parts, "|")
}

// TestRagged compares rows of any number with numpy's, cut and checked as the configuration's kind: ragged says.
func TestRagged(t *testing.T) {
	shapes := [][]int{{1}, {2}, {3}, {2, 3}, {1, 2, 2}}
	strict := append([]string{"do not go together", "inner_shape", "one of the rows", "an index of rows", "give axis=1", "gives a", "has no use", "compute with the columns", "not an array of one dimension"}, stricter...)
	r := random(t, 300)
	g, vars := data(r, 12)
	task := taskOf(g)
	gen := &stacker{r: r}
	for range 400 {
		inner := shapes[r.IntN(len(shapes))]
		task.Expressions, task.Inner = append(task.Expressions, gen.text(inner)), append(task.Inner, inner)
	}
	answer := ask(t, task)
	equal, cells := 0, 0
	for i, text := range task.Expressions {
		inner := task.Inner[i]
		p, compileErr := expr.Compile(text, vars, expr.Options{Ragged: true, Inner: inner})
		for k := range g.Slots {
			var ours core.Column
			err := compileErr
			if err == nil {
				ours, err = p.Cells(t.Context(), cell(g, k))
			}
			if err == nil { // compareCell takes numbers, not rows
				n := ours.Offsets[1]
				require.Len(t, ours.Data, int(n)*ours.Width*ours.Type.Size(), text)
				ours.Offsets = []int64{0, n * int64(ours.Width)}
			}
			if err != nil && contains(err.Error(), strict) {
				err = fmt.Errorf("does not fit: %w", err)
			}
			cells++
			ok, err := compareCell(t, text, &ours, 0, err, &answer.Expressions[i][k])
			if err != nil {
				t.Errorf("%s, inner shape %v\n  cell %d: %v", text, inner, k, err)
				break
			}
			if ok {
				equal++
			}
		}
		if compileErr == nil {
			together(t, p, g, text)
		}
	}
	t.Log(strconv.Itoa(equal) + " of " + strconv.Itoa(cells) + " cells equal")
	require.Greater(t, equal, cells/2)
}

// together holds all cells computed at once against each computed alone.
func together(t *testing.T, p *expr.Program, g *core.Groups, text string) {
	t.Helper()
	all, err := p.Cells(t.Context(), g)
	if err != nil {
		return
	}
	size := int64(all.Width * all.Type.Size())
	for k := range g.Slots {
		one, err := p.Cells(t.Context(), cell(g, k))
		require.NoError(t, err, text)
		require.Equal(t, one.Data, append([]byte(nil), all.Data[all.Offsets[k]*size:all.Offsets[k+1]*size]...), text)
	}
}
