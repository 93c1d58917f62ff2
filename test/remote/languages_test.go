//go:build suites

package remote

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
)

// A language is a plugin that goes wrong as it is told to: a grid, a reader and a statistic.
type language struct {
	name    string
	command func(t *testing.T, kind, call, once string) []string
	grid    string // a grid's configuration in output
	source  string // that of data_source
	column  string // that the reader has
	total   string // the statistic
}

func languages() []language {
	reader := "\n  reader: "
	scripted := func(name string, interpreter func(*testing.T) string) language {
		return language{name: name, grid: "{type: halves}", source: reader + "rows", column: "v", total: "total", command: func(t *testing.T, kind, call, once string) []string {
			extension := map[string]string{"python": "py", "javascript": "js"}[name]
			_, method, _ := strings.Cut(call, ".")
			command := []string{interpreter(t), "testdata/faulty." + extension, kind, method}
			if once != "" {
				command = append(command, "once="+once) // in one word: what a word names is part of the code
			}
			return command
		}}
	}
	return []language{
		{name: "go", grid: "{type: f-healpix, parent_order: 6, child_order: 8}", source: reader + "f-atl06", column: "h_li", total: "f-sum", command: inGo},
		scripted("python", func(t *testing.T) string {
			python := os.Getenv("ZAGG_PYTHON")
			if python == "" {
				t.Skip("set ZAGG_PYTHON to a Python with numpy and grpcio")
			}
			return python
		}),
		scripted("javascript", func(t *testing.T) string {
			node, err := exec.LookPath("node")
			if err != nil {
				t.Skip("there is no node")
			}
			return node
		}),
	}
}

// inGo is the command of the plugin in Go, which has words of its own for some misdeeds.
func inGo(t *testing.T, kind, call, once string) []string {
	if word := map[string]string{"leave": "exit", "block": "stall", "lengths": "corrupt"}[kind]; word != "" {
		kind = word
	}
	command := []string{build(t, "test/remote/faulty"), "-prefix", "f-", "-kind", kind, "-method", strings.ReplaceAll(call, ".", "/")}
	if once != "" {
		command = append(command, "-once="+once)
	}
	return command
}

// A call is one that runs make of plugins.
type call struct {
	name  string // as errors have it
	kind  string // of what it is a call: grid, reader or statistic
	about string // what errors of a run name beside the plugin and the call: granule or shard; "": there is none yet
	only  string // the check of `zagg plugins verify` that makes it
	in    string // the language that has it; "": all
	large bool   // it is made for many shards or many rows only
}

func runCalls() []call {
	return []call{
		{name: "Plugin.Configure", kind: "statistic", only: "statistic %s/New"},
		{name: "Grid.Cover", kind: "grid", only: "grid %s/CoverEmpty"},
		{name: "Grid.Shards", kind: "grid", only: "grid %s/Shards"},
		{name: "Grid.Cells", kind: "grid", about: "shard", only: "grid %s/Cells"},
		{name: "Grid.Locate", kind: "grid", only: "grid %s/OneSlot"},
		{name: "Grid.LocateIn", kind: "grid", only: "grid %s/LocateIn", in: "go", large: true},
		{name: "Reader.Read", kind: "reader", about: "granule", only: "reader %s/Read"},
		{name: "Reader.Identify", kind: "reader", only: "reader %s/Identify", in: "go"},
		{name: "Statistic.Upload", kind: "statistic", about: "shard", only: "statistic %s/Sizes", in: "go", large: true},
		{name: "Statistic.Compute", kind: "statistic", about: "shard", only: "statistic %s/Compute"},
	}
}

// A misdeed is how a plugin goes wrong in a call, and what a run then says.
type misdeed struct {
	kind string
	code core.Code // of the error; the run ends with 1
	want string    // in the error; "": the call is right, and so is the run
	once bool      // the process is lost: where it goes wrong once the call is made again, and the run is right
	only string    // the languages that have it; "": all
}

func misdeeds() []misdeed {
	return []misdeed{
		{kind: "slow"},
		{kind: "hold", only: "python"}, // the interpreter's lock
		{kind: "kill", code: core.Unavailable, want: "killed", once: true},
		{kind: "leave", code: core.Unavailable, want: "exited with status 7", once: true},
		{kind: "hang", code: core.Unavailable, want: "no sign of life", once: true},
		{kind: "block", code: core.Unavailable, want: "no sign of life within a call", once: true},
		{kind: "leak", code: core.Unavailable, want: "more than the 300 MiB"},
		{kind: "panic", code: core.Internal, want: "ndex out of", only: "go python"},
		{kind: "panic", code: core.Unavailable, want: "exited with status 1", only: "javascript", once: true},
		{kind: "exit", code: core.Internal, want: "SystemExit: no model", only: "python"},
		{kind: "bug", code: core.Internal, want: "KeyError: 'h_li'", only: "python"},
		{kind: "refuse", code: core.Unsupported, want: "only polar orbits", only: "python"},
		{kind: "error", code: core.Unsupported, want: "toy the moon: no such place", only: "go"},
		{kind: "garbage", code: core.Internal, want: "plugin faulty", only: "python javascript"},
		{kind: "garbage", code: core.Unavailable, want: "broke the connection", only: "go", once: true},
		{kind: "lengths", code: core.Internal, want: "plugin faulty"},
		{kind: "huge", code: core.Internal, want: "plugin faulty"},
	}
}

// sensible reports what can be: the kit itself answers Configure and Upload.
func sensible(l language, c call, m misdeed) bool {
	has := func(list, name string) bool { return list == "" || strings.Contains(" "+list+" ", " "+name+" ") }
	answered := m.kind == "lengths" || m.kind == "huge" || m.kind == "garbage"
	long := c.name == "Grid.Cover" && m.kind == "huge" && l.name == "python" // a list of shards may be long
	return has(c.in, l.name) && has(m.only, l.name) && !(answered && c.name == "Plugin.Configure" && l.name == "python") && !long
}

// often reports whether a case is tried without ZAGG_FAULTS, too: most calls and misdeeds once, in some language.
func often(l language, c call, m misdeed) bool {
	return map[string]bool{
		"go Grid.LocateIn lengths": true, "go Reader.Identify kill": true, "python Grid.Cover refuse": true, "python Reader.Read bug": true,
		"python Statistic.Compute exit": true, "javascript Grid.Locate huge": true, "javascript Grid.Shards garbage": true, "javascript Grid.Cells lengths": true,
	}[l.name+" "+c.name+" "+m.kind]
}

// opened is a plugin that goes wrong, with limits for tests.
func opened(t *testing.T, l language, c call, m misdeed, once string) core.Plugin {
	o := remote.Options{Name: "faulty", Command: l.command(t, m.kind, c.name, once), Check: 50 * time.Millisecond, Stall: time.Minute, Exit: 300 * time.Millisecond}
	switch m.kind {
	case "leak":
		o.Memory, o.Health = 300<<20, time.Minute
	case "block":
		o.Stall = 2 * time.Second
	case "hang":
		o.Health = time.Second
	}
	p, err := remote.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p.Core()
}

const (
	sampleFolder  = "../../cmd/zagg/cli/sample"
	sampleGranule = "ATL06_20241101010000_01002511_007_01.h5"
)

// runs makes a run of one shard with a plugin of which it uses what a call is of.
func runs(t *testing.T, l language, c call, p core.Plugin) (store string, code int, out string) {
	linked := builtin()
	source, column := "\n  reader: atl06\n  variables: {h_li: \"/{group}/land_ice_segments/h_li\"}", "h_li"
	grid, function := "{type: healpix, parent_order: 6, child_order: 8}", "sum"
	plugins := []core.Plugin{p}
	switch c.kind {
	case "grid":
		grid, plugins = l.grid, append(plugins, linked["atl06"], linked["stats"])
	case "reader":
		source, column, plugins = l.source, l.column, append(plugins, linked["healpix"], linked["stats"])
	case "statistic":
		function, plugins = l.total, append(plugins, linked["atl06"], linked["healpix"])
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("data_source:"+source+"\naggregation: {variables: {h: {function: "+function+", source: "+column+", dtype: float64}}}\noutput: {grid: "+grid+"}\n"), 0o600))
	store = filepath.Join(dir, "s.zarr")
	args := []string{"run", "--config", config, "--store", store, "-q"}
	if c.large {
		args = append(args, "--granules", sampleFolder)
	} else {
		args = append(args, "--granules", filepath.Join(sampleFolder, sampleGranule), "--max-cells", "1")
	}
	code, out = zagg(t, plugins, args...)
	return store, code, out
}

// healthy are the stores of runs in which nothing goes wrong, by language and kind.
type healthy struct {
	mu     sync.Mutex
	stores map[string]map[string]string
}

func (h *healthy) of(t *testing.T, l language, c call) map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := l.name + " " + c.kind + map[bool]string{true: " large"}[c.large]
	if h.stores[key] == nil {
		store, code, out := runs(t, l, c, opened(t, l, c, misdeed{kind: "none"}, ""))
		require.Zero(t, code, out)
		h.stores[key] = files(t, store)
	}
	return h.stores[key]
}

// Whatever goes wrong in a plugin of any language, in any call: a run ends, within its limits, with an error that names the plugin, the call, and the
// granule or shard; no shard counts as done, and what can be tried again is. verify says that the plugin is broken, and where.
func TestMisdeeds(t *testing.T) {
	build(t, "test/remote/faulty")
	right := &healthy{stores: map[string]map[string]string{}}
	all := os.Getenv("ZAGG_FAULTS") != ""
	for _, l := range languages() {
		for _, c := range runCalls() {
			for _, m := range misdeeds() {
				if !sensible(l, c, m) || !often(l, c, m) && !all {
					continue
				}
				t.Run(l.name+"/"+c.name+"/"+m.kind, func(t *testing.T) {
					t.Parallel()
					inRun(t, l, c, m, right)
					if m.once && (all || m.kind == "kill" || c.name == "Statistic.Compute") {
						inRunAgain(t, l, c, m, right)
					}
					inVerify(t, l, c, m)
				})
			}
		}
	}
}

func inRun(t *testing.T, l language, c call, m misdeed, right *healthy) {
	store, code, out := runs(t, l, c, opened(t, l, c, m, ""))
	if m.want == "" {
		require.Zero(t, code, out)
		require.True(t, equal(t, right.of(t, l, c), files(t, store)))
		return
	}
	require.Equal(t, 1, code, out)
	require.Contains(t, out, m.want)
	if m.kind != "error" { // which says of its own accord what it is about
		named := "plugin faulty: " + c.name + " of "
		if c.large { // columns are sent within Compute, and who dies in every shard is not started again
			named = "plugin faulty: "
		}
		require.Contains(t, out, named)
	}
	switch c.about {
	case "granule":
		require.Contains(t, out, sampleGranule)
	case "shard":
		require.Contains(t, out, "shard ")
	}
	require.Less(t, len(out), 30_000)
	if !c.large { // there is one shard
		done, err := filepath.Glob(store + ".status/records/*.json")
		require.NoError(t, err)
		require.Empty(t, done, "no shard counts as done")
	}
}

// inRunAgain is a run of which a process is lost once: the call is made again, and nothing is missing.
func inRunAgain(t *testing.T, l language, c call, m misdeed, right *healthy) {
	store, code, out := runs(t, l, c, opened(t, l, c, m, filepath.Join(t.TempDir(), "once")))
	require.Zero(t, code, out)
	require.True(t, equal(t, right.of(t, l, c), files(t, store)))
}

func inVerify(t *testing.T, l language, c call, m misdeed) {
	of := map[string]string{"grid": "halves", "reader": "rows", "statistic": "total"}[c.kind]
	if l.name == "go" {
		of = map[string]string{"grid": "f-healpix", "reader": "f-atl06", "statistic": "f-sum"}[c.kind]
	}
	only := fmt.Sprintf(c.only, of)
	args := func(p core.Plugin) (int, string) {
		return zagg(t, []core.Plugin{p}, "plugins", "verify", "faulty", "--short", "--limit", "1m", "--only", only, "--granule", filepath.Join(sampleFolder, sampleGranule),
			"--with", `f-healpix={"parent_order":6,"child_order":8}`)
	}
	code, out := args(opened(t, l, c, m, ""))
	if m.want == "" {
		require.Zero(t, code, out)
		require.Contains(t, out, "ok      "+only)
		return
	}
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "BROKEN  "+strings.Split(only, "/")[0])
	require.NotContains(t, out, "ok      "+only+" ")
}

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
