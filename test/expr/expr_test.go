//go:build suites

package expr_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/expr"
)

type pyColumn struct {
	Dtype string `json:"dtype"`
	Data  []byte `json:"data"`
	Cells bool   `json:"cells"`
}

type pyReduction struct {
	Op      string    `json:"op"`
	Column  string    `json:"column"`
	Q       []float64 `json:"q,omitempty"`
	DDoF    *float64  `json:"ddof,omitempty"`
	Weights string    `json:"weights,omitempty"`
}

type pyTask struct {
	Columns     map[string]pyColumn `json:"columns"`
	Offsets     []int64             `json:"offsets"`
	Expressions []string            `json:"expressions"`
	Native      bool                `json:"native"`
	Inner       [][]int             `json:"inner,omitempty"`
	Reductions  []pyReduction       `json:"reductions"`
}

type pyCell struct {
	Kind  string `json:"kind"`
	Bytes string `json:"bytes"`
	Shape int    `json:"shape"`
	Error string `json:"error"`
}

type pyAnswer struct {
	Expressions [][]pyCell `json:"expressions"`
	Reductions  [][]pyCell `json:"reductions"`
}

// ask runs check.py.
func ask(t *testing.T, task pyTask) pyAnswer {
	t.Helper()
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set: no interpreter with numpy to compare with")
	}
	in, err := json.Marshal(task)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python, "check.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	var answer pyAnswer
	require.NoError(t, json.Unmarshal(out, &answer))
	return answer
}

func (c *pyCell) raw(t *testing.T) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(c.Bytes)
	require.NoError(t, err)
	aligned := core.NewData(len(b))
	copy(aligned, b)
	return aligned
}

// data makes columns of all kinds in cells of 1 to 40 rows, with the values that break things.
func data(r *rand.Rand, cells int) (*core.Groups, []expr.Var) {
	g := &core.Groups{Slots: make([]int32, cells), Offsets: make([]int64, cells+1)}
	for i := range cells {
		g.Slots[i] = int32(10 * i)
		g.Offsets[i+1] = g.Offsets[i] + 1 + int64(r.IntN(40)/(1+r.IntN(5)))
	}
	n := int(g.Offsets[cells])
	f, e, s := make([]float64, n), make([]float64, n), make([]float32, n)
	i, j, u, w, b := make([]int64, n), make([]int16, n), make([]uint64, n), make([]int64, n), make([]bool, n)
	special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1e300, -1e-300, 5e-324}
	for k := range n {
		f[k] = r.NormFloat64() * 10
		if r.IntN(8) == 0 {
			f[k] = special[r.IntN(len(special))]
		}
		e[k] = r.NormFloat64()
		s[k] = float32(1+r.IntN(64)) / 4
		i[k], j[k], u[k], b[k] = int64(r.IntN(9)-4), int16(r.IntN(1000)-500), uint64(r.IntN(50)), r.IntN(2) == 0
		w[k] = int64(r.Uint64() >> r.IntN(64))
		if r.IntN(20) == 0 {
			w[k], u[k] = math.MinInt64, r.Uint64()
		}
	}
	g.Rows = []core.Column{core.ColumnOf("f", f), core.ColumnOf("g", e), core.ColumnOf("s", s), core.ColumnOf("i", i),
		core.ColumnOf("j", j), core.ColumnOf("u", u), core.ColumnOf("w", w), core.ColumnOf("b", b)}
	cf, ci := make([]float64, cells), make([]int64, cells)
	for k := range cells {
		cf[k], ci[k] = r.NormFloat64(), int64(r.IntN(5)-2)
	}
	g.Cells = []core.Column{core.ColumnOf("cf", cf), core.ColumnOf("ci", ci)}
	var vars []expr.Var
	for _, c := range g.Rows {
		vars = append(vars, expr.Var{Name: c.Name, Type: c.Type})
	}
	for _, c := range g.Cells {
		vars = append(vars, expr.Var{Name: c.Name, Type: c.Type, PerCell: true})
	}
	return g, vars
}

func taskOf(g *core.Groups) pyTask {
	t := pyTask{Columns: map[string]pyColumn{}, Offsets: g.Offsets}
	for _, c := range g.Rows {
		t.Columns[c.Name] = pyColumn{c.Type.String(), c.Data, false}
	}
	for _, c := range g.Cells {
		t.Columns[c.Name] = pyColumn{c.Type.String(), c.Data, true}
	}
	return t
}

// cell is cell i of g alone.
func cell(g *core.Groups, i int) *core.Groups {
	lo, hi := g.Offsets[i], g.Offsets[i+1]
	one := &core.Groups{Slots: g.Slots[i : i+1], Offsets: []int64{0, hi - lo}}
	for _, c := range g.Rows {
		size := int64(c.Type.Size())
		c.Data = c.Data[lo*size : hi*size]
		one.Rows = append(one.Rows, c)
	}
	for _, c := range g.Cells {
		size := c.Type.Size()
		c.Data = c.Data[i*size : (i+1)*size]
		one.Cells = append(one.Cells, c)
	}
	return one
}

// random is a generator of the round; ZAGG_SEED, a number, gives other rounds than usual.
func random(t *testing.T, round int) *rand.Rand {
	t.Helper()
	seed := uint64(7)
	if s := os.Getenv("ZAGG_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	return rand.New(rand.NewPCG(uint64(round), seed))
}

// forgiven are Python errors where zagg has a value instead, as its documentation says.
var forgiven = []string{"ZeroDivisionError", "OverflowError", "cannot convert float NaN", "boolean negative", "boolean subtract"}

// stricter are errors of zagg where numpy has a value.
var stricter = []string{"neither true nor false", "chain of comparisons", "does not fit", "a choice between numbers", "division by zero"}

func contains(s string, list []string) bool {
	for _, x := range list {
		if strings.Contains(s, x) {
			return true
		}
	}
	return false
}

func TestExpressions(t *testing.T) {
	const rounds, perRound = 3, 1500
	for round := range rounds {
		r := random(t, round)
		g, vars := data(r, 12)
		task := taskOf(g)
		gen := &generator{r: r}
		for range perRound {
			task.Expressions = append(task.Expressions, gen.top())
		}
		answer := ask(t, task)
		equal, errs := 0, 0
		for i, text := range task.Expressions {
			e, err := compareExpression(t, text, g, vars, answer.Expressions[i])
			if err != nil {
				t.Errorf("%s\n  %v", text, err)
			}
			equal, errs = equal+e, errs+len(g.Slots)-e
		}
		t.Logf("round %d: %d expressions, %d cells equal, %d with errors on a side", round, perRound, equal, errs)
	}
}

// compareExpression evaluates all cells together and, where that fails, each alone.
func compareExpression(t *testing.T, text string, g *core.Groups, vars []expr.Var, want []pyCell) (equal int, err error) {
	p, compileErr := expr.Compile(text, vars, expr.Options{Ragged: true})
	var all core.Column
	allErr := compileErr
	if compileErr == nil {
		all, allErr = p.Cells(t.Context(), g)
	}
	for i := range want {
		ours, ourErr := all, allErr
		at := i
		if compileErr == nil && allErr != nil {
			at = 0
			ours, ourErr = p.Cells(t.Context(), cell(g, i))
		}
		ok, err := compareCell(t, text, &ours, at, ourErr, &want[i])
		if err != nil {
			return equal, fmt.Errorf("cell %d: %w", i, err)
		}
		if ok {
			equal++
		}
	}
	if allErr != nil && compileErr == nil && equal == len(want) {
		return equal, fmt.Errorf("each cell alone works, all together: %w", allErr)
	}
	return equal, nil
}

func compareCell(t *testing.T, text string, ours *core.Column, at int, ourErr error, want *pyCell) (equal bool, err error) {
	switch {
	case want.Kind == "complex" || want.Kind == "big" || usesLibm(text) && (strings.Contains(text, "True") || strings.Contains(text, "False")):
		// Beyond 64 bits, or float16: what zagg has not.
		return false, nil
	case ourErr != nil && want.Kind == "error":
		return false, nil
	case ourErr != nil && contains(ourErr.Error(), stricter):
		return false, nil
	case ourErr != nil:
		return false, fmt.Errorf("ours fails: %w; numpy: %+v", ourErr, *want)
	case want.Kind == "error" && contains(want.Error, forgiven):
		return false, nil
	case want.Kind == "error":
		return false, fmt.Errorf("numpy fails: %s; ours: %v", want.Error, *ours)
	case want.Kind == "other":
		return false, fmt.Errorf("ours has a value, numpy something else of %d dimensions", want.Shape)
	}
	size := int64(ours.Type.Size())
	got := ours.Data[ours.Offsets[at]*size : ours.Offsets[at+1]*size]
	tolerance := 1e-12
	if usesLibm(text) {
		tolerance = 1e-9
	}
	err = compareNumbers(ours.Type, got, want, want.raw(t), tolerance)
	if err != nil && infiniteQuantile(text, got, want.raw(t)) {
		return false, nil
	}
	return true, err
}

// infiniteQuantile reports the least or greatest value as a quantile 0.0 or 1.0, which for an infinite value is NaN in
// numpy unless q is written as an integer.
func infiniteQuantile(text string, got, want []byte) bool {
	if !strings.Contains(text, "quantile") && !strings.Contains(text, "percentile") || len(got) != len(want) || len(got)%8 != 0 {
		return false
	}
	a, b := core.View[float64](got), core.View[float64](want)
	for i := range a {
		if a[i] != b[i] && !(math.IsInf(a[i], 0) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

func compareNumbers(typ core.Type, got []byte, want *pyCell, raw []byte, tolerance float64) error {
	kinds := map[core.Type]string{core.Bool: "b", core.Int64: "i", core.Uint64: "u", core.Float64: "f"}
	width := map[string]int{"b": 1, "i": 8, "u": 8, "f": 8}[want.Kind]
	if len(got)/typ.Size() != len(raw)/width {
		return fmt.Errorf("%d numbers, numpy has %d", len(got)/typ.Size(), len(raw)/width)
	}
	if kinds[typ] == want.Kind && want.Kind != "f" {
		if !bytes.Equal(got, raw) {
			return fmt.Errorf("%s %v, numpy %v", typ, numbers(typ, got), numbers(typ, raw))
		}
		return nil
	}
	a, b := numbers(typ, got), numbers(map[string]core.Type{"b": core.Bool, "i": core.Int64, "u": core.Uint64, "f": core.Float64}[want.Kind], raw)
	for i := range a {
		if !close(a[i], b[i], tolerance) {
			return fmt.Errorf("number %d is %s %v, numpy %s %v", i, typ, a[i], want.Kind, b[i])
		}
	}
	return nil
}

func close(a, b, tolerance float64) bool {
	if math.IsNaN(a) || math.IsNaN(b) {
		return math.IsNaN(a) && math.IsNaN(b)
	}
	return a == b || math.Abs(a-b) <= tolerance*math.Max(math.Abs(a), math.Abs(b)) || math.Abs(a-b) < 1e-320
}

func numbers(typ core.Type, b []byte) (f []float64) {
	switch typ {
	case core.Bool:
		for _, x := range b {
			f = append(f, float64(x))
		}
	case core.Int64:
		for _, x := range core.View[int64](b) {
			f = append(f, float64(x))
		}
	case core.Uint64:
		for _, x := range core.View[uint64](b) {
			f = append(f, float64(x))
		}
	default:
		f = core.View[float64](b)
	}
	return f
}
