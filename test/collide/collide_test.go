//go:build suites

package collide

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/sharedtest"
)

const samples = "../../cmd/zagg/cli/sample"

// size is how many pairs of each kind are started: ZAGG_RELIABILITY; 0: only one of each of a few kinds.
func size(t *testing.T) int {
	text := os.Getenv("ZAGG_RELIABILITY")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "ZAGG_RELIABILITY")
	return n
}

// A bench is the program, two configurations that write objects of the same names, and what a run of each alone leaves.
type bench struct {
	zagg    string
	configs [2]string
	alone   [2]map[string]string
	took    time.Duration
}

func newBench(t *testing.T) *bench {
	dir := t.TempDir()
	b := &bench{zagg: sharedtest.Program(t, "zagg")}
	text, err := os.ReadFile(filepath.Join(samples, "demo.yaml"))
	require.NoError(t, err)
	other := bytes.Replace(text, []byte("value: 0"), []byte("value: 1"), 1)
	require.NotEqual(t, text, other)
	for i, c := range [][]byte{text, other} {
		b.configs[i] = filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
		require.NoError(t, os.WriteFile(b.configs[i], c, 0o644))
		store := filepath.Join(dir, fmt.Sprintf("%d.zarr", i))
		start := time.Now()
		out, err := b.run(i, store).CombinedOutput()
		require.NoError(t, err, string(out))
		b.took, b.alone[i] = time.Since(start), files(t, store)
	}
	require.NotEqual(t, b.alone[0], b.alone[1])
	return b
}

func (b *bench) run(config int, store string, more ...string) *exec.Cmd {
	return exec.Command(b.zagg, append([]string{"run", "--config", b.configs[config], "--granules", samples, "--store", store, "-q"}, more...)...)
}

// A place is where stores are and how they are read back.
type place struct {
	at   string
	read func(t *testing.T, store string) map[string]string
}

func places(t *testing.T) map[string]place {
	s, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{"out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, value := range s.Environ() {
		t.Setenv(name, value)
	}
	return map[string]place{"files": {t.TempDir(), files}, "s3": {"s3://out", objects}}
}

// However two runs meet in one store, it is one configuration's, whole. Runs of different configurations never both end well, and
// one of two always does.
func TestPairs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	b := newBench(t)
	for where, p := range places(t) {
		for kind, c := range map[string]struct {
			configs [2]int
			args    [2][]string
			full    bool // the store is a whole one of another run when they begin
		}{
			"same":                        {configs: [2]int{0, 0}},
			"different":                   {configs: [2]int{0, 1}},
			"same, one overwrites":        {configs: [2]int{0, 0}, args: [2][]string{nil, {"--overwrite"}}, full: true},
			"different, one overwrites":   {configs: [2]int{0, 1}, args: [2][]string{nil, {"--overwrite"}}},
			"different, both overwrite":   {configs: [2]int{0, 1}, args: [2][]string{{"--overwrite"}, {"--overwrite"}}},
			"different, full, overwrites": {configs: [2]int{0, 1}, args: [2][]string{nil, {"--overwrite"}}, full: true},
		} {
			n := size(t)
			if n == 0 && (kind == "different" || where == "files" && kind == "different, both overwrite") {
				n = 1
			}
			t.Run(where+"/"+kind, func(t *testing.T) {
				for i := range n {
					store := fmt.Sprintf("%s/%s-%d.zarr", p.at, strings.NewReplacer(" ", "-", ",", "").Replace(kind), i)
					if c.full {
						out, err := b.run(0, store).CombinedOutput()
						require.NoError(t, err, string(out))
					}
					b.pair(t, p, store, c.configs, c.args)
				}
			})
		}
	}
}

// pair starts two runs and looks at what they leave.
func (b *bench) pair(t *testing.T, p place, store string, configs [2]int, args [2][]string) {
	first := rand.N(2) // which begins
	var said [2]bytes.Buffer
	var cmds [2]*exec.Cmd
	var ended [2]chan time.Time
	var begun [2]time.Time
	for n := range 2 {
		i := (first + n) % 2
		if n == 1 {
			time.Sleep(rand.N(b.took * 3 / 4))
		}
		cmds[i], ended[i] = b.run(configs[i], store, args[i]...), make(chan time.Time, 1)
		cmds[i].Stdout, cmds[i].Stderr = &said[i], &said[i]
		begun[i] = time.Now()
		require.NoError(t, cmds[i].Start())
		go func() {
			cmds[i].Wait() //nolint:errcheck // the exit code is looked at
			ended[i] <- time.Now()
		}()
	}
	var at [2]time.Time
	var codes [2]int
	for i := range 2 {
		at[i], codes[i] = <-ended[i], cmds[i].ProcessState.ExitCode()
	}
	what := fmt.Sprintf("%s: codes %v\n1: %s\n2: %s", store, codes, said[0].String(), said[1].String())
	require.Contains(t, codes, 0, what)
	second := 1 - first
	together := begun[second].Before(at[first])
	if configs[0] != configs[1] && together {
		require.NotEqual(t, [2]int{0, 0}, codes, what)
	}
	got := p.read(t, store)
	whole := -1
	for i := range b.alone {
		if equal(got, b.alone[i]) {
			whole = i
		}
	}
	require.GreaterOrEqual(t, whole, 0, "the store is no configuration's\n%s", what)
	if together {
		winner := configs[0]
		if codes[0] != 0 {
			winner = configs[1]
		}
		require.Equal(t, winner, whole, what)
	}
	out, err := exec.Command(b.zagg, "verify", store, "--deep").CombinedOutput()
	require.NoError(t, err, "%s\n%s", out, what)
	for i := range codes {
		if codes[i] != 0 {
			require.Regexp(t, "at work on it|has finished on it since|another configuration", said[i].String(), what)
		}
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, data := range a {
		if b[name] != data {
			return false
		}
	}
	return true
}

// files is every file of a store that is not a leftover of an interrupted write.
func files(t *testing.T, root string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return all
}

func objects(t *testing.T, url string) map[string]string {
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	all := map[string]string{}
	require.NoError(t, store.List(t.Context(), url+"/", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), store, o.URL, 1<<30)
		all[strings.TrimPrefix(o.URL, url+"/")] = string(data)
		return err
	}))
	return all
}
