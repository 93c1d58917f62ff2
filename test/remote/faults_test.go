//go:build suites

package remote

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A patient is a faulty plugin under test: its options, its log, and what must be gone in the end.
type patient struct {
	t       *testing.T
	tag     string
	options remote.Options
	mu      sync.Mutex
	lines   []string
}

// newPatient prepares a plugin with these flags, and checks when the test ends that no process is left. TestMain
// looks for folders.
func newPatient(t *testing.T, flags ...string) *patient {
	t.Parallel()
	p := &patient{t: t, tag: "tag" + strconv.FormatInt(time.Now().UnixNano(), 36)}
	p.options = remote.Options{
		Name: "patient", Command: append([]string{build(t, "test/remote/faulty"), "-tag", p.tag}, flags...), Log: p.log,
		Start: 20 * time.Second, Check: 30 * time.Millisecond, Health: 2 * time.Second, Stall: 20 * time.Second, Exit: time.Second,
	}
	t.Cleanup(func() { // after what the test itself cleans up
		require.Eventually(t, func() bool { return len(processes(t, p.tag)) == 0 }, 5*time.Second, 10*time.Millisecond, "processes are left: %v", processes(t, p.tag))
	})
	return p
}

func (p *patient) log(_, line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, line)
}

// said is what the plugin wrote.
func (p *patient) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

func (p *patient) open() (*remote.Plugin, error) {
	plugin, err := remote.Open(p.t.Context(), p.options)
	if err == nil {
		p.t.Cleanup(func() { plugin.Close() })
	}
	return plugin, err
}

// processes are the ids of those whose command line has a word; none where there is no /proc.
func processes(t *testing.T, word string) []string {
	var found []string
	dirs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, d := range dirs {
		b, _ := os.ReadFile(d)
		stat, _ := os.ReadFile(filepath.Join(filepath.Dir(d), "stat"))
		if strings.Contains(string(b), word) && !strings.Contains(string(stat), ") Z ") {
			found = append(found, filepath.Base(filepath.Dir(d)))
		}
	}
	return found
}

// What goes wrong at start is said in words, at once, with what the plugin wrote.
func TestFailingStarts(t *testing.T) {
	for how, want := range map[string]string{
		"exit":      "exited with status 3",
		"kill":      "killed, as when memory is short",
		"hang":      "printed no handshake line within",
		"close":     "printed no handshake line within",
		"garbage":   `printed "Hello, I am a plugin!" where the handshake line belongs`,
		"spew":      "where the handshake line belongs",
		"version":   `speaks version "2" of the plugin protocol; this zagg speaks 1`,
		"handshake": `speaks version "7" of go-plugin's handshake`,
		"tcp":       `listens on "tcp"`,
		"netrpc":    `speaks "netrpc"`,
		"outside":   "is not in the folder it was given",
		"nobody":    "connect: no such file or directory",
		"deaf":      "",
	} {
		t.Run(how, func(t *testing.T) {
			p := newPatient(t, "-start", how)
			if how == "hang" || how == "close" || how == "deaf" {
				p.options.Start = time.Second
			}
			_, err := p.open()
			require.Error(t, err)
			require.Contains(t, err.Error(), want)
			require.Contains(t, err.Error(), "patient")
			if how == "exit" {
				require.Contains(t, err.Error(), "cannot open my model file")
			}
			require.NotContains(t, err.Error(), "EXAMPLEKEY")
			require.NotContains(t, err.Error(), "abcdefgh12345678")
		})
	}
}

func TestNoPlugin(t *testing.T) {
	dir := t.TempDir()
	plain, text := filepath.Join(dir, "plain"), filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(plain, []byte("#!/bin/sh\nexit 0\n"), 0o600))
	require.NoError(t, os.WriteFile(text, []byte("no program at all"), 0o700))
	script := filepath.Join(dir, "script")
	require.NoError(t, os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o700))
	for _, c := range []struct {
		command string
		code    core.Code
		want    string
	}{
		{filepath.Join(dir, "none"), core.NotFound, "there is no executable"},
		{"no-such-command-anywhere", core.NotFound, "there is no executable"},
		{plain, core.Invalid, "is not executable"},
		{dir, core.Invalid, dir},
		{text, core.Invalid, "is not a program for this machine"},
		{script, core.NotFound, "interpreter"},
		{"true", core.Invalid, "is it a plugin for zagg?"},
		{"", core.Invalid, "no command"},
	} {
		_, err := remote.Open(t.Context(), remote.Options{Command: []string{c.command}})
		require.ErrorContains(t, err, c.want)
		require.Equal(t, c.code, core.CodeOf(err), err)
	}
}

// The environment that a plugin gets has no credentials, and what it writes is logged without any.
func TestSecretsStay(t *testing.T) {
	p := newPatient(t)
	_, err := p.open()
	require.NoError(t, err)
	require.Eventually(t, func() bool { return p.said() != "" }, 5*time.Second, time.Millisecond)
	require.Equal(t, "faulty: started with AWS_SECRET_ACCESS_KEY= ***", p.said())
}

// What a plugin writes to stdout after the handshake does no harm, and is logged.
func TestLateWords(t *testing.T) {
	p := newPatient(t, "-start", "late words")
	plugin, err := p.open()
	require.NoError(t, err)
	require.NoError(t, calls()["Grid/Locate"](t.Context(), t, plugin.Core()))
	require.Eventually(t, func() bool { return strings.Contains(p.said(), "progress on stdout") }, 5*time.Second, time.Millisecond)
}

// A plugin whose digest is another than the configuration's is not started.
func TestDigest(t *testing.T) {
	p := newPatient(t)
	p.options.SHA256 = sum(t, p.options.Command[0])
	plugin, err := p.open()
	require.NoError(t, err)
	require.NoError(t, calls()["Grid/Locate"](t.Context(), t, plugin.Core()))

	p.options.SHA256 = strings.Repeat("0", 64)
	_, err = p.open()
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "it is another build, or was tampered with")
	p.options.SHA256 = "abc"
	_, err = p.open()
	require.Equal(t, core.Invalid, core.CodeOf(err))
}

// What was checked is what runs: when a plugin is started again its file is checked again.
func TestDigestAfterSwap(t *testing.T) {
	p := newPatient(t, "-method", "Grid/Locate", "-kind", "kill")
	original, err := os.ReadFile(p.options.Command[0])
	require.NoError(t, err)
	swapped := filepath.Join(t.TempDir(), "plugin")
	require.NoError(t, os.WriteFile(swapped, original, 0o700))
	p.options.Command[0], p.options.SHA256 = swapped, sum(t, swapped)
	plugin, err := p.open()
	require.NoError(t, err)
	g, err := plugin.Core().Grids[0].New(t.Context(), core.Config(`{"parent_order":6,"child_order":8}`))
	require.NoError(t, err)
	require.NoError(t, os.Remove(swapped))
	require.NoError(t, os.WriteFile(swapped, []byte("#!/bin/sh\necho evil\n"), 0o700))
	err = g.Locate(t.Context(), "-5111123", []float64{1}, []float64{2}, make([]int32, 1))
	require.Equal(t, core.Denied, core.CodeOf(err), err)
	require.ErrorContains(t, err, "was tampered with")
}

// A column crosses the border once, however many statistics take it.
func TestColumnsAreUploadedOnce(t *testing.T) {
	p := newPatient(t, "-method", "Statistic/Upload", "-kind", "log")
	plugin, err := p.open()
	require.NoError(t, err)
	const n = 50_000
	groups := &core.Groups{Slots: []int32{1, 4}, Offsets: []int64{0, 10, n}, Rows: []core.Column{core.ColumnOf("source", make([]float64, n))}}
	uploads := func(names ...string) int {
		for _, name := range names {
			i := slices.IndexFunc(plugin.Core().Statistics, func(m core.Maker[core.Statistic]) bool { return m.Name == name })
			s, err := plugin.Core().Statistics[i].New(t.Context(), core.Config(`{}`))
			require.NoError(t, err)
			_, err = s.Compute(t.Context(), groups)
			require.NoError(t, err)
		}
		time.Sleep(50 * time.Millisecond) // for stderr to arrive
		return strings.Count(p.said(), "faulty: log now")
	}
	require.Equal(t, 1, uploads("mean", "max", "mean", "var"))
	core.View[float64](groups.Rows[0].Data)[7] = 1 // the same memory with other values
	require.Equal(t, 2, uploads("mean", "median"))
}

// calls exercise one RPC each, and check that the answer is right.
func calls() map[string]func(context.Context, *testing.T, core.Plugin) error {
	grid := func(ctx context.Context, p core.Plugin) (core.Grid, error) {
		return p.Grids[0].New(ctx, core.Config(`{"parent_order":6,"child_order":8}`))
	}
	with := func(f func(context.Context, core.Grid) error) func(context.Context, *testing.T, core.Plugin) error {
		return func(ctx context.Context, _ *testing.T, p core.Plugin) error {
			g, err := grid(ctx, p)
			if err != nil {
				return err
			}
			return f(ctx, g)
		}
	}
	return map[string]func(context.Context, *testing.T, core.Plugin) error{
		"Plugin/Configure": with(func(context.Context, core.Grid) error { return nil }),
		"Grid/Cover": with(func(ctx context.Context, g core.Grid) error {
			keys, err := g.Cover(ctx, []core.Region{{Polygons: []core.Polygon{{{{Lon: 106, Lat: -75}}}}}})
			return expect(err, len(keys) == 1 && len(keys[0]) > 0)
		}),
		"Grid/Shards": with(func(ctx context.Context, g core.Grid) error {
			s, err := g.Shards(ctx, []core.ShardKey{"-5111123"})
			return expect(err, len(s) == 1 && s[0].Label == "-5111123")
		}),
		"Grid/Cells": with(func(ctx context.Context, g core.Grid) error {
			c, err := g.Cells(ctx, "-5111123")
			return expect(err, len(c) > 2 && c[0].Rows() == 16)
		}),
		"Grid/Locate": with(func(ctx context.Context, g core.Grid) error {
			slot := make([]int32, 3)
			err := g.Locate(ctx, "-5111123", []float64{0, 1, 2}, []float64{0, 1, 2}, slot)
			return expect(err, slot[0] == -1 && slot[2] == -1)
		}),
		"Grid/Names": with(func(ctx context.Context, g core.Grid) error {
			c, err := g.(core.CellNamer).Names(ctx, []float64{1}, []float64{2})
			return expect(err, len(c) > 0 && c[0].Rows() == 1)
		}),
		"Reader/Read": func(ctx context.Context, t *testing.T, p core.Plugin) error {
			rows, _, err := readAll(ctx, t, p)
			return expect(err, rows == wholeGranule(t))
		},
		"Reader/Index": func(ctx context.Context, t *testing.T, p core.Plugin) error {
			r, err := p.Readers[0].New(ctx, core.Config(`{}`))
			if err != nil {
				return err
			}
			b, err := r.(core.Indexer).Index(ctx, &objstore.File{}, granule(t), core.Query{Columns: []string{"h_li"}})
			return expect(err, len(b) > 0)
		},
		"Statistic/Upload":  compute,
		"Statistic/Compute": compute,
	}
}

func expect(err error, right bool) error {
	if err == nil && !right {
		return fmt.Errorf("the answer is wrong")
	}
	return err
}

// compute sums a column that is large enough to be uploaded.
func compute(ctx context.Context, _ *testing.T, p core.Plugin) error {
	for _, m := range p.Statistics {
		if m.Name != "sum" {
			continue
		}
		s, err := m.New(ctx, core.Config(`{}`))
		if err != nil {
			return err
		}
		const n = 100_000
		source := make([]float64, n)
		for i := range source {
			source[i] = 1
		}
		c, err := s.Compute(ctx, &core.Groups{Slots: []int32{5}, Offsets: []int64{0, n}, Rows: []core.Column{core.ColumnOf("source", source)}})
		return expect(err, len(c) == 1 && core.View[float64](c[0].Data)[0] == n)
	}
	return fmt.Errorf("no sum")
}

func granule(t *testing.T) core.Granule {
	name := "ATL06_20241101001500_01002511_007_01.h5"
	return core.Granule{ID: name, Assets: map[string]string{"data": sharedtest.Dir(t, "golden", "granules_small", name)}}
}

// readAll reads a granule in many batches.
func readAll(ctx context.Context, t *testing.T, p core.Plugin) (rows, batches int, err error) {
	r, err := p.Readers[0].New(ctx, core.Config(`{}`))
	if err != nil {
		return 0, 0, err
	}
	_, err = r.Read(ctx, &objstore.File{}, granule(t), core.Query{Columns: []string{"h_li"}, Rows: 500}, func(b *core.Batch) error {
		rows += len(b.Lon)
		batches++
		return nil
	})
	return rows, batches, err
}

func wholeGranule(t *testing.T) int {
	rows, batches, err := readAll(t.Context(), t, builtin()["atl06"])
	require.NoError(t, err)
	require.Greater(t, batches, 10)
	return rows
}

// Whatever call a plugin dies in, hangs in or breaks the connection in: once, and the call is repeated and right; always, and the error
// says unavailable, which plugin it was, and what it wrote last.
func TestDeathInEveryCall(t *testing.T) {
	kinds := []string{"kill", "exit", "hang", "garbage"}
	for i, method := range slices.Sorted(maps.Keys(calls())) {
		call := calls()[method]
		for k, kind := range kinds {
			if k != i%len(kinds) && !sharedtest.Sweep() { // each kind with some calls
				continue
			}
			t.Run(method+"/"+kind, func(t *testing.T) {
				p := newPatient(t, "-method", method, "-kind", kind, "-once="+filepath.Join(t.TempDir(), "once"))
				if kind == "hang" {
					p.options.Health = 300 * time.Millisecond
				}
				plugin, err := p.open()
				require.NoError(t, err)
				require.NoError(t, call(t.Context(), t, plugin.Core()), "dies once")
				require.Contains(t, p.said(), "faulty: "+kind+" now")
			})
		}
		if i%3 != 0 && !sharedtest.Sweep() {
			continue
		}
		t.Run(method+"/always", func(t *testing.T) {
			p := newPatient(t, "-method", method, "-kind", "kill")
			plugin, err := p.open()
			require.NoError(t, err)
			for range 6 {
				err = call(t.Context(), t, plugin.Core())
				require.Equal(t, core.Unavailable, core.CodeOf(err), err)
				require.ErrorContains(t, err, "plugin patient")
				require.ErrorContains(t, err, "faulty: kill now")
			}
			require.ErrorContains(t, err, "is not started again")
		})
	}
}

// A plugin that takes ever more memory is ended, and a message larger than any may be is an error, in every call.
func TestTooMuchInEveryCall(t *testing.T) {
	for i, method := range slices.Sorted(maps.Keys(calls())) {
		for kind, want := range map[string]core.Code{"leak": core.Unavailable, "huge": core.Internal} {
			if i%4 != 0 && !sharedtest.Sweep() {
				continue
			}
			t.Run(method+"/"+kind, func(t *testing.T) {
				p := newPatient(t, "-method", method, "-kind", kind)
				if kind == "leak" {
					p.options.Memory = 300 << 20
				}
				plugin, err := p.open()
				require.NoError(t, err)
				err = calls()[method](t.Context(), t, plugin.Core())
				require.Equal(t, want, core.CodeOf(err), err)
				require.ErrorContains(t, err, "patient")
				if kind == "leak" {
					require.ErrorContains(t, err, "more than the 300 MiB that it may have")
				}
			})
		}
	}
}

// A plugin that breaks the protocol has a bug, and the error says so: internal, and whose.
func TestCorruptAnswers(t *testing.T) {
	for i, method := range slices.Sorted(maps.Keys(calls())) {
		if i%3 != 0 && !sharedtest.Sweep() {
			continue
		}
		call := calls()[method]
		t.Run(method, func(t *testing.T) {
			p := newPatient(t, "-method", method, "-kind", "corrupt")
			plugin, err := p.open()
			require.NoError(t, err)
			err = call(t.Context(), t, plugin.Core())
			require.Equal(t, core.Internal, core.CodeOf(err), err)
			require.ErrorContains(t, err, "patient")
		})
		t.Run(method+"/panic", func(t *testing.T) {
			p := newPatient(t, "-method", method, "-kind", "panic")
			plugin, err := p.open()
			require.NoError(t, err)
			err = call(t.Context(), t, plugin.Core())
			require.Equal(t, core.Internal, core.CodeOf(err), err)
			require.ErrorContains(t, err, "panic: index out of range")
		})
		t.Run(method+"/error", func(t *testing.T) {
			p := newPatient(t, "-method", method, "-kind", "error")
			plugin, err := p.open()
			require.NoError(t, err)
			err = call(t.Context(), t, plugin.Core())
			require.Equal(t, core.Unsupported, core.CodeOf(err), err)
			require.ErrorContains(t, err, "toy the moon: no such place")
		})
	}
	for kind, code := range map[string]core.Code{"kill": core.Unavailable, "corrupt": core.Internal, "error": core.Unsupported} {
		t.Run("Plugin/Describe/"+kind, func(t *testing.T) {
			_, err := newPatient(t, "-method", "Plugin/Describe", "-kind", kind).open()
			require.Equal(t, code, core.CodeOf(err), err)
		})
	}
}

// A call that makes no progress is given up, though the process answers health checks.
func TestStall(t *testing.T) {
	for _, method := range []string{"Grid/Locate", "Grid/Cells", "Reader/Read", "Statistic/Compute"} {
		t.Run(method, func(t *testing.T) {
			p := newPatient(t, "-method", method, "-kind", "stall")
			p.options.Stall = 300 * time.Millisecond
			plugin, err := p.open()
			require.NoError(t, err)
			err = calls()[method](t.Context(), t, plugin.Core())
			require.Equal(t, core.Unavailable, core.CodeOf(err), err)
			require.ErrorContains(t, err, "gave no sign of life within a call")
		})
	}
}

// In the middle of a stream, after batches were emitted, a read is not repeated behind the caller's back: it fails, and the next attempt, with
// a sink of its own, gets every row once.
func TestDeathInMidstream(t *testing.T) {
	for kind, code := range map[string]core.Code{"kill": core.Unavailable, "hang": core.Unavailable, "garbage": core.Unavailable, "corrupt": core.Internal, "error": core.Unsupported} {
		for _, after := range []int{1, 10} {
			t.Run(fmt.Sprintf("%s after %d", kind, after), func(t *testing.T) {
				p := newPatient(t, "-method", "Reader/Read", "-kind", kind, "-after", strconv.Itoa(after), "-batches", "-once="+filepath.Join(t.TempDir(), "once"))
				if kind == "hang" {
					p.options.Health = 300 * time.Millisecond
				}
				plugin, err := p.open()
				require.NoError(t, err)
				rows, _, err := readAll(t.Context(), t, plugin.Core())
				if err == nil { // on a slow machine it may be too early for a batch: then the read is repeated
					require.Equal(t, wholeGranule(t), rows)
				} else { // after as many batches as the process could send before the signal came
					require.Equal(t, code, core.CodeOf(err), err)
				}
				rows, _, err = readAll(t.Context(), t, plugin.Core())
				require.NoError(t, err)
				require.Equal(t, wholeGranule(t), rows)
			})
		}
	}
}

// Cancelling a call reaches the plugin, and a deadline does; the plugin lives on.
func TestCancel(t *testing.T) {
	p := newPatient(t, "-method", "Grid/Cells", "-kind", "stall")
	plugin, err := p.open()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = calls()["Grid/Cells"](ctx, t, plugin.Core())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	err = calls()["Grid/Cells"](ctx, t, plugin.Core())
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, calls()["Grid/Locate"](t.Context(), t, plugin.Core()))
	require.Len(t, processes(t, p.tag), 1, "the same process")
}

// The host's own errors come back as they are: what emit returned, and what the object store said.
func TestHostErrors(t *testing.T) {
	plugin, err := newPatient(t).open()
	require.NoError(t, err)
	r, err := plugin.Core().Readers[0].New(t.Context(), core.Config(`{}`))
	require.NoError(t, err)
	full := fmt.Errorf("the disk is full")
	_, err = r.Read(t.Context(), &objstore.File{}, granule(t), core.Query{Columns: []string{"h_li"}, Rows: 100}, func(*core.Batch) error { return full })
	require.Same(t, full, err)

	linked, err := builtin()["atl06"].Readers[0].New(t.Context(), core.Config(`{}`))
	require.NoError(t, err)
	secret := &brokenStore{err: core.Errorf(core.Denied, "s3.Get", "s3://b/k", "access denied: %w", os.ErrPermission)}
	for name, reader := range map[string]core.ProductReader{"linked": linked, "remote": r} {
		_, err = reader.Read(t.Context(), secret, granule(t), core.Query{Columns: []string{"h_li"}}, func(*core.Batch) error { return nil })
		require.Equal(t, core.Denied, core.CodeOf(err), name)
		require.ErrorIs(t, err, os.ErrPermission, name)
		require.ErrorContains(t, err, "s3://b/k: access denied", name)
	}
}

// A brokenStore refuses everything.
type brokenStore struct{ err error }

func (b *brokenStore) ReadRanges(context.Context, string, []core.Range) ([][]byte, error) {
	return nil, b.err
}

func (b *brokenStore) Stat(context.Context, string) (core.ObjectInfo, error) {
	return core.ObjectInfo{}, b.err
}

// What a plugin started dies with it, even if the plugin does not go by itself.
func TestChildren(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are looked for in /proc")
	}
	for _, how := range []string{"child", "stays"} {
		t.Run(how, func(t *testing.T) {
			p := newPatient(t, "-start", how)
			p.options.Exit = 300 * time.Millisecond
			plugin, err := p.open()
			require.NoError(t, err)
			require.NoError(t, calls()["Grid/Locate"](t.Context(), t, plugin.Core()))
			require.Len(t, processes(t, p.tag), 2)
			require.NoError(t, plugin.Close())
			require.NoError(t, plugin.Close(), "twice is no harm")
			err = calls()["Grid/Locate"](t.Context(), t, plugin.Core())
			require.Equal(t, core.Unavailable, core.CodeOf(err))
			require.ErrorContains(t, err, "has been ended")
		})
	}
}
