//go:build suites

package remote

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A misdeed is how a plugin goes wrong, and what then is said.
type misdeed struct {
	kind, call string
	code       core.Code
	want       string // "": the call is right
	often      bool   // tried also without sweeps
}

// isOfGrid reports a misdeed in a call of a grid.
func (m misdeed) isOfGrid() bool {
	return slices.Contains([]string{"Cover", "Shards", "Cells", "Locate"}, m.call)
}

// inPython are those of a plugin in Python, in every call; sys.exit and what extensions raise end the call, not the process.
func inPython() []misdeed {
	often := map[string]string{"exit": "Compute", "bug": "Read", "hold": "Compute", "leak": "Compute", "lengths": "Locate", "refuse": "Cover"}
	all := []misdeed{{"corrupt", "Read", core.Corrupt, "no header", false}}
	for _, call := range []string{"Configure", "Compute", "Read", "Cover", "Shards", "Cells", "Locate"} {
		for _, m := range []misdeed{
			{kind: "kill", code: core.Unavailable, want: "killed"}, {kind: "leave", code: core.Unavailable, want: "exited with status 7"},
			{kind: "exit", code: core.Internal, want: "SystemExit: no model"}, {kind: "panic", code: core.Internal, want: "Panic: index out of bounds"},
			{kind: "bug", code: core.Internal, want: "KeyError: 'h_li'"}, {kind: "refuse", code: core.Unsupported, want: "only polar orbits"},
			{kind: "hold"}, {kind: "slow"},
			{kind: "hang", code: core.Unavailable, want: "no sign of life"}, {kind: "block", code: core.Unavailable, want: "no sign of life within a call"},
			{kind: "lengths", code: core.Internal}, {kind: "huge", code: core.Internal}, {kind: "garbage", code: core.Internal},
			{kind: "leak", code: core.Unavailable, want: "more than the 400 MiB"},
		} {
			if call == "Configure" && slices.Contains([]string{"lengths", "huge", "garbage"}, m.kind) { // it answers with the kit's words
				continue
			}
			m.call, m.often = call, often[m.kind] == call
			all = append(all, m)
		}
	}
	return all
}

// inJavaScript are those of one that is written by the protocol's page alone.
func inJavaScript() []misdeed {
	var all []misdeed
	for _, call := range []string{"Plugin/Configure", "Statistic/Compute"} {
		all = append(all, []misdeed{
			{"kill", call, core.Unavailable, "killed", false}, {"leave", call, core.Unavailable, "exited with status 7", false},
			{"panic", call, core.Unavailable, "exited with status 1", false}, {"hang", call, core.Unavailable, "no sign of life", false},
			{"block", call, core.Unavailable, "no sign of life within a call", false}, {"leak", call, core.Unavailable, "more than the 400 MiB", false},
			{"garbage", call, core.Internal, "", false}, {"huge", call, core.Internal, "", false}, {"slow", call, 0, "", false},
		}...)
	}
	return append(all, misdeed{"lengths", "Statistic/Compute", core.Internal, "", true})
}

// commandOf is what starts the plugin that goes wrong; none where its language is not here.
func commandOf(t *testing.T, language string, m misdeed) []string {
	if language == "javascript" {
		node, err := exec.LookPath("node")
		if err != nil {
			t.Skip("there is no node")
		}
		return []string{node, "--require", "./testdata/faulty.js", "../../examples/javascript/spread.js", m.kind, m.call}
	}
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("set ZAGG_PYTHON to a Python with numpy and grpcio")
	}
	return []string{python, "testdata/faulty.py", m.kind, m.call}
}

// withKit lets Python find the package of this repository.
func withKit(t *testing.T) {
	sdk, err := filepath.Abs("../../sdk/python/src")
	require.NoError(t, err)
	t.Setenv("PYTHONPATH", sdk)
}

// Whatever goes wrong in a plugin of any language, in any call: the call ends, the error has the right code and says what it was, and a bug is never
// taken for a damaged granule.
func TestMisdeeds(t *testing.T) {
	withKit(t)
	for language, all := range map[string][]misdeed{"python": inPython(), "javascript": inJavaScript()} {
		for _, m := range all {
			if !m.often && !sharedtest.Sweep() {
				continue
			}
			if m.isOfGrid() && m.call != "Locate" && slices.Contains([]string{"hold", "hang", "block", "leak"}, m.kind) { // the same wait for each
				continue
			}
			t.Run(language+"/"+m.kind+"/"+strings.ReplaceAll(m.call, "/", "."), func(t *testing.T) {
				o := remote.Options{Name: "patient", Command: commandOf(t, language, m), Check: 50 * time.Millisecond, Health: time.Second, Stall: time.Minute}
				switch m.kind {
				case "leak":
					o.Memory, o.Health = 400<<20, time.Minute
				case "block":
					o.Stall = 2 * time.Second
				}
				p, err := remote.Open(t.Context(), o)
				require.NoError(t, err)
				defer p.Close()
				err = asked(t.Context(), p.Core(), m.call)
				if m.kind == "slow" || m.kind == "hold" {
					require.NoError(t, err)
					return
				}
				require.Error(t, err)
				require.Equal(t, m.code, core.CodeOf(err), err)
				require.ErrorContains(t, err, m.want)
				require.Less(t, len(err.Error()), 20_000)
			})
		}
	}
}

// asked makes the call, and what has to come before.
func asked(ctx context.Context, p core.Plugin, call string) error {
	if strings.HasSuffix(call, "Read") {
		r, err := p.Readers[0].New(ctx, core.Config(`{}`))
		if err != nil {
			return err
		}
		_, err = r.Read(ctx, &objstore.File{}, core.Granule{ID: "g", Assets: map[string]string{"data": "/dev/null"}}, core.Query{Columns: []string{"v"}}, func(*core.Batch) error { return nil })
		return err
	}
	if (misdeed{call: call}).isOfGrid() {
		return askedOfGrid(ctx, p, call)
	}
	s, err := p.Statistics[0].New(ctx, core.Config(`{}`))
	if err != nil {
		return err
	}
	c, err := s.Compute(ctx, &core.Groups{Slots: []int32{5}, Offsets: []int64{0, 2}, Rows: []core.Column{core.ColumnOf("source", []float64{1, 3})}})
	if err == nil && (len(c) != 1 || core.View[float64](c[0].Data)[0] < 2) {
		err = fmt.Errorf("the answer is wrong: %v", c)
	}
	return err
}

// askedOfGrid makes a call of a grid of two halves.
func askedOfGrid(ctx context.Context, p core.Plugin, call string) error {
	g, err := p.Grids[0].New(ctx, core.Config(`{}`))
	if err != nil {
		return err
	}
	switch call {
	case "Cover":
		keys, err := g.Cover(ctx, []core.Region{{Polygons: []core.Polygon{{{{Lon: 10, Lat: 20}}}}}})
		return expect(err, len(keys) == 1 && len(keys[0]) == 2)
	case "Shards":
		shards, err := g.Shards(ctx, []core.ShardKey{"1"})
		return expect(err, len(shards) == 1 && shards[0].Label == "1")
	case "Cells":
		columns, err := g.Cells(ctx, "1")
		return expect(err, len(columns) == 2 && columns[0].Rows() == 1)
	}
	slots := make([]int32, 2)
	err = g.Locate(ctx, "1", []float64{10, -10}, []float64{20, 20}, slots)
	return expect(err, slots[0] == 0 && slots[1] == -1)
}

// A run with such a plugin ends with an error that names it, never as if all were well; and verify says that it is broken. Both end.
func TestMisdeedsInRuns(t *testing.T) {
	sharedtest.NeedsSweep(t)
	withKit(t)
	linked := builtin()
	others := []core.Plugin{linked["healpix"], linked["atl06"], linked["stats"]}
	for language, all := range map[string][]misdeed{"python": inPython(), "javascript": inJavaScript()} {
		for _, m := range all {
			if strings.HasSuffix(m.call, "Read") || m.isOfGrid() || m.kind == "block" || m.kind == "hang" { // runs wait for minutes
				continue
			}
			if strings.HasSuffix(m.call, "Configure") && m.kind != "exit" && m.kind != "kill" { // the same as in TestMisdeeds
				continue
			}
			t.Run(language+"/"+m.kind+"/"+strings.ReplaceAll(m.call, "/", "."), func(t *testing.T) {
				command := commandOf(t, language, m)
				function := map[string]string{"python": "sum2", "javascript": "spread"}[language]
				listed := fmt.Sprintf("{name: faulty, as: sum2, memory: 400 MiB, command: [%q]}", strings.Join(command, `", "`))
				if language == "javascript" {
					listed = strings.Replace(listed, "name: faulty, as: sum2", "name: spread", 1)
				} else {
					function = "sum2.sum"
				}
				config := "plugins: [" + strings.ReplaceAll(listed, `\", \"`, `", "`) + "]\n" + strings.Replace(runOf, "FUNCTION", function, 1)
				path := filepath.Join(t.TempDir(), "config.yaml")
				require.NoError(t, os.WriteFile(path, []byte(config), 0o600))
				code, out := zagg(t, others, "run", "--allow-plugins", "--config", path, "--granules", "../../cmd/zagg/cli/sample", "--store", filepath.Join(t.TempDir(), "s.zarr"), "-q", "--max-cells", "1")
				if m.kind == "slow" || m.kind == "hold" {
					require.Zero(t, code, out)
					return
				}
				require.Equal(t, 1, code, out)
				require.Contains(t, out, m.want)
				args := append([]string{"plugins", "verify", "--short", "--limit", "30s", "--only", "/New", "--only", "/Compute", "--"}, command...)
				if m.kind == "leak" { // nothing bounds it there
					return
				}
				code, out = zagg(t, nil, args...)
				require.Equal(t, 1, code, out)
				require.Contains(t, out, "BROKEN")
			})
		}
	}
}

const runOf = `
data_source:
  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables: {h: {function: FUNCTION, source: h_li, dtype: float64}}
output: {grid: {type: healpix, parent_order: 6, child_order: 12, layout: compact}}
`

// Several processes of one plugin share its calls, and give what one gives; each that dies is started again.
func TestProcesses(t *testing.T) {
	p := newPatient(t, "-method", "Statistic/Compute", "-kind", "kill", "-once="+filepath.Join(t.TempDir(), "once"))
	p.options.Processes = 3
	plugin, err := p.open()
	require.NoError(t, err)
	require.Len(t, processes(t, p.tag), 1, "the others are started when there is work for them")
	errs := make(chan error, 12)
	for range cap(errs) {
		go func() { errs <- compute(t.Context(), t, plugin.Core()) }()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	n := len(processes(t, p.tag)) // as many as calls came at once
	require.LessOrEqual(t, n, 3)
	require.GreaterOrEqual(t, n, 2)
	require.NoError(t, plugin.Close())
	require.Error(t, compute(t.Context(), t, plugin.Core()))
}
