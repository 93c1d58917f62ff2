//go:build suites

package remote

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A language is a plugin that goes wrong as it is told to: a grid, a reader and a statistic.
type language struct {
	name    string
	command func(t *testing.T, kind, call, silence, once string) []string
	grid    string // a grid's configuration in output
	source  string // that of data_source
	column  string // that the reader has
	total   string // the statistic
}

func languages() []language {
	reader := "\n  reader: "
	scripted := func(name string, interpreter func(*testing.T) string) language {
		return language{name: name, grid: "{type: halves}", source: reader + "rows", column: "v", total: "total", command: func(t *testing.T, kind, call, silence, once string) []string {
			extension := map[string]string{"python": "py", "javascript": "js"}[name]
			_, method, _ := strings.Cut(call, ".")
			command := []string{interpreter(t), "testdata/faulty." + extension, kind, method, silence}
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

// inGo is the command of the plugin in Go, which has words of its own for some misdeeds and declares no silence.
func inGo(t *testing.T, kind, call, _, once string) []string {
	if word := map[string]string{"leave": "exit", "block": "stall", "lengths": "corrupt"}[kind]; word != "" {
		kind = word
	}
	command := []string{build(t, "test/remote/faulty"), "-prefix", "f-", "-kind", kind, "-method", strings.ReplaceAll(call, ".", "/")}
	if once != "" {
		command = append(command, "-once="+once)
	}
	return command
}

// A call is one that commands make of plugins.
type call struct {
	name   string // as errors have it
	part   string // what of the call the row is about; "": all
	kind   string // of what it is a call: grid, reader or statistic
	about  string // what errors of a command name beside the plugin and the call: granule or shard; "": there is none yet
	only   string // the check of `zagg plugins verify` that makes it
	in     string // the languages that have it; "": all
	large  bool   // it is made for many shards or many rows only
	spared bool   // where it fails, a note says what is missing, and the rest is made
	use    use    // the command that makes it; nil: a run
}

func theCalls() []call {
	return []call{
		{name: "Plugin.Configure", kind: "statistic", only: "statistic %s/New"},
		{name: "Grid.Cover", kind: "grid", only: "grid %s/CoverEmpty"},
		{name: "Grid.Shards", kind: "grid", only: "grid %s/Shards"},
		{name: "Grid.Cells", kind: "grid", about: "shard", only: "grid %s/Cells"},
		{name: "Grid.Locate", kind: "grid", only: "grid %s/OneSlot"},
		{name: "Grid.LocateIn", kind: "grid", only: "grid %s/LocateIn", in: "go", large: true}, // the others have no shards with many neighbours
		{name: "Grid.Names", kind: "grid", only: "grid %s/Names", use: locates},
		{name: "Grid.CoverCells", kind: "grid", only: "grid %s/CoverCells", use: catalogs},
		{name: "Grid.Restore", kind: "grid", only: "grid %s/Legacy", in: "go", use: converts}, // of a grid that earlier releases had
		{name: "Grid.CellAreas", kind: "grid", about: "shard", only: "grid %s/CellAreas"},
		{name: "Reader.Read", kind: "reader", about: "granule", only: "reader %s/Read"},
		{name: "Reader.Index", kind: "reader", about: "granule", only: "reader %s/Index", use: indexes},
		{name: "Reader.Index", part: "describe", kind: "reader", about: "granule", only: "reader %s/Units", in: "go javascript", spared: true},
		{name: "Reader.Identify", kind: "reader", only: "reader %s/Identify"},
		{name: "Statistic.Upload", kind: "statistic", about: "shard", only: "statistic %s/Sizes", large: true},
		{name: "Statistic.Compute", kind: "statistic", about: "shard", only: "statistic %s/Compute"},
		{name: "Statistic.Fold", kind: "statistic", only: "statistic %s/FoldOfOne", use: coarsens},
	}
}

// Every call of the protocol has a row, or a test of its own that says why.
func TestEveryCallHasItsRow(t *testing.T) {
	known := map[string]bool{
		"Plugin.Describe": true, // TestDescribedWrongly: without it there is no plugin to be used
		"Plugin.Release":  true, // only verify lets things go, in all of its checks
		"Statistic.Drop":  true, // TestDroppedWrongly: nobody waits for its answer
	}
	for _, c := range theCalls() {
		known[c.name] = true
	}
	services := zaggv1.File_zagg_v1_zagg_proto.Services()
	for i := range services.Len() {
		methods := services.Get(i).Methods()
		for k := range methods.Len() {
			name := string(services.Get(i).Name() + "." + methods.Get(k).Name())
			require.True(t, known[name], "%s goes wrong in no test: add it to theCalls", name)
			delete(known, name)
		}
	}
	require.Empty(t, known, "the protocol has no such calls")
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
	answered := (m.kind == "lengths" || m.kind == "huge" || m.kind == "garbage") && l.name == "python" && (c.name == "Plugin.Configure" || c.name == "Statistic.Upload")
	long := c.name == "Grid.Cover" && m.kind == "huge" && l.name == "python"               // a list of shards may be long
	empty := c.name == "Statistic.Upload" && m.kind == "lengths" && l.name == "javascript" // the answer has no length
	return has(c.in, l.name) && has(m.only, l.name) && !answered && !long && !empty
}

// often reports whether a case is tried without ZAGG_FAULTS, too: most calls and misdeeds once, in some language.
func often(l language, c call, m misdeed) bool {
	return map[string]bool{
		"go Grid.LocateIn lengths": true, "go Reader.Identify kill": true, "python Grid.Cover refuse": true, "python Reader.Read bug": true,
		"python Statistic.Compute exit": true, "javascript Grid.Locate huge": true, "javascript Grid.Shards garbage": true, "javascript Grid.Cells lengths": true,
		"go Grid.Restore lengths": true, "python Grid.CellAreas bug": true, "python Statistic.Fold refuse": true, "javascript Grid.Names panic": true,
		"javascript Reader.Index lengths": true, "javascript Grid.CoverCells garbage": true,
	}[l.name+" "+c.name+" "+m.kind]
}

// A table is the plugins and commands of a test of misdeeds.
type table struct {
	mu    sync.Mutex
	right map[string]*healthy
}

// healthy is what a command makes with a plugin in which nothing goes wrong, and how long that takes.
type healthy struct {
	files map[string]string
	took  time.Duration
}

// longest is how long a plugin may say nothing that says in time that it lives.
const longest = 10 * time.Minute

// patience is how long a plugin is waited for that says nothing: where it never will, as long as the whole of the work takes in which nothing goes
// wrong. No single call takes longer, however busy the machine is.
func (tb *table) patience(t *testing.T, l language, c call, m misdeed) time.Duration {
	if m.kind == "hang" || m.kind == "block" {
		return tb.of(t, l, c).took.Truncate(time.Second) + time.Second
	}
	return longest
}

// options are those of a plugin that goes wrong, and declares how long it is to be waited for.
func options(t *testing.T, l language, c call, m misdeed, patience time.Duration, once string) remote.Options {
	silence := strconv.Itoa(int(patience.Seconds()))
	o := remote.Options{Name: "faulty", Command: l.command(t, m.kind, c.name, silence, once), Start: longest, Check: 50 * time.Millisecond, Stall: longest, Health: longest, Exit: 300 * time.Millisecond}
	switch m.kind {
	case "leak":
		o.Memory = 300 << 20
	case "block":
		o.Stall = patience
	case "hang":
		o.Health = patience
	case "hold":
		o.Health = time.Second // the plugin declares more
	}
	return o
}

func opened(t *testing.T, o remote.Options) core.Plugin {
	p, err := remote.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p.Core()
}

// of is what is right for a call of a language.
func (tb *table) of(t *testing.T, l language, c call) *healthy {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	key := strings.Join([]string{l.name, c.kind, strconv.FormatBool(c.large)}, " ")
	if c.use != nil || c.name == "Grid.CellAreas" { // others make the same run
		key += c.name
	}
	if tb.right[key] == nil {
		w := newWork(t, l, c, opened(t, options(t, l, c, misdeed{kind: "none"}, longest, "")))
		began := time.Now()
		code, out := w.do(t)
		require.Zero(t, code, out)
		tb.right[key] = &healthy{w.made(t), time.Since(began)}
	}
	return tb.right[key]
}

// Whatever goes wrong in a plugin of any language, in any call: a command ends, within its limits, with an error that names the plugin, the call, and the
// granule or shard; nothing counts as done, and what can be tried again is. verify says that the plugin is broken, and where.
func TestMisdeeds(t *testing.T) {
	build(t, "test/remote/faulty")
	tb := &table{right: map[string]*healthy{}}
	all := os.Getenv("ZAGG_FAULTS") != ""
	for _, l := range languages() {
		for _, c := range theCalls() {
			for _, m := range misdeeds() {
				if !sensible(l, c, m) || !often(l, c, m) && !all {
					continue
				}
				t.Run(l.name+"/"+c.name+c.part+"/"+m.kind, func(t *testing.T) {
					t.Parallel()
					tb.inCommand(t, l, c, m)
					if m.once && (all || m.kind == "kill" || c.name == "Statistic.Compute") {
						tb.inCommandAgain(t, l, c, m)
					}
					tb.inVerify(t, l, c, m)
				})
			}
		}
	}
}

func (tb *table) inCommand(t *testing.T, l language, c call, m misdeed) {
	w := newWork(t, l, c, opened(t, options(t, l, c, m, tb.patience(t, l, c, m), "")))
	code, out := w.do(t)
	if m.want == "" || c.spared {
		require.Zero(t, code, out)
		w.same(t, tb.of(t, l, c), c.spared && m.want != "")
	}
	if m.want == "" {
		return
	}
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
	if c.spared {
		require.Contains(t, out, "names and units", "what is missing is said")
		return
	}
	require.Equal(t, 1, code, out)
	if !c.large { // there is one shard
		done, err := filepath.Glob(filepath.Join(w.dir, w.done))
		require.NoError(t, err)
		require.Empty(t, done, "nothing counts as done")
	}
}

// inCommandAgain is a command of which a process is lost once: the call is made again, and nothing is missing.
func (tb *table) inCommandAgain(t *testing.T, l language, c call, m misdeed) {
	w := newWork(t, l, c, opened(t, options(t, l, c, m, tb.patience(t, l, c, m), filepath.Join(t.TempDir(), "once"))))
	code, out := w.do(t)
	require.Zero(t, code, out)
	w.same(t, tb.of(t, l, c), false)
}

func (tb *table) inVerify(t *testing.T, l language, c call, m misdeed) {
	of := map[string]string{"grid": "halves", "reader": "rows", "statistic": "total"}[c.kind]
	if l.name == "go" {
		of = map[string]string{"grid": "f-healpix", "reader": "f-atl06", "statistic": "f-sum"}[c.kind]
	}
	only := fmt.Sprintf(c.only, of)
	p := opened(t, options(t, l, c, m, tb.patience(t, l, c, m), ""))
	code, out := zagg(t, []core.Plugin{p}, "plugins", "verify", "faulty", "--short", "--limit", longest.String(), "--only", only, "--granule", filepath.Join(sampleFolder, sampleGranule),
		"--with", `f-healpix={"parent_order":6,"child_order":8}`)
	if m.want == "" {
		require.Zero(t, code, out)
		require.Contains(t, out, "ok      "+only)
		return
	}
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "BROKEN  "+strings.Split(only, "/")[0])
	require.NotContains(t, out, "ok      "+only+" ")
}

// A plugin that goes wrong in what it says of itself cannot be opened, and the error says whose fault that is.
func TestDescribedWrongly(t *testing.T) {
	c := call{name: "Plugin.Describe"}
	for _, l := range languages() {
		for _, m := range misdeeds() {
			answered := l.name == "python" && (m.kind == "lengths" || m.kind == "huge" || m.kind == "garbage") // the kit answers
			if !sensible(l, c, m) || answered || m.want == "" || os.Getenv("ZAGG_FAULTS") == "" && l.name+m.kind != "gohuge" && l.name+m.kind != "javascriptlengths" {
				continue
			}
			t.Run(l.name+"/"+m.kind, func(t *testing.T) {
				t.Parallel()
				o := options(t, l, c, m, time.Second, "")
				if m.kind == "hang" || m.kind == "block" { // it is waited for as long as one takes that says what it offers, and more
					began := time.Now()
					opened(t, options(t, l, c, misdeed{kind: "none"}, longest, ""))
					o.Start = time.Second + 3*time.Since(began)
				}
				_, err := remote.Open(t.Context(), o)
				require.Error(t, err)
				require.Equal(t, m.code, core.CodeOf(err), err)
				if m.kind != "error" { // which says of its own accord what it is about
					require.ErrorContains(t, err, "plugin faulty")
				}
			})
		}
	}
}

// Whatever goes wrong where columns are let go that no call uses any more: what is computed before and after is right.
func TestDroppedWrongly(t *testing.T) {
	c := call{name: "Statistic.Drop", kind: "statistic"}
	for _, l := range languages() {
		for _, m := range misdeeds() {
			answered := m.kind == "lengths" || l.name == "python" && (m.kind == "huge" || m.kind == "garbage") // there is nothing to be wrong
			if !sensible(l, c, m) || answered || os.Getenv("ZAGG_FAULTS") == "" && l.name+m.kind != "gokill" {
				continue
			}
			t.Run(l.name+"/"+m.kind, func(t *testing.T) {
				t.Parallel()
				went := make(chan bool, 100)
				o := options(t, l, c, m, 2*time.Second, "")
				o.Keep = 1
				o.Log = func(_, line string) {
					if strings.HasSuffix(line, " now") {
						went <- true
					}
				}
				p := opened(t, o)
				i := slices.IndexFunc(p.Statistics, func(m core.Maker[core.Statistic]) bool { return m.Name == l.total })
				s, err := p.Statistics[i].New(t.Context(), core.Config(`{}`))
				require.NoError(t, err)
				for range 2 {
					const n = 100_000
					cols, err := s.Compute(t.Context(), &core.Groups{Slots: []int32{5}, Offsets: []int64{0, n}, Rows: []core.Column{core.ColumnOf("source", slices.Repeat([]float64{1}, n))}})
					require.NoError(t, err)
					require.Equal(t, []float64{n}, core.View[float64](cols[0].Data))
					<-went
				}
			})
		}
	}
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
