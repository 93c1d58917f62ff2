//go:build suites

package kill

import (
	"bytes"
	"encoding/json"
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
	layout "github.com/englacial/zagg/internal/store"
)

const samples = "../../cmd/zagg/cli/sample"

// A place is where stores are.
type place struct {
	objects core.ObjectStore
	at      string
}

// places are files, and S3 where ZAGG_RELIABILITY says how many runs are killed at each of them.
func places(t *testing.T) (map[string]place, int) {
	all, kills := map[string]place{"files": {&objstore.File{}, t.TempDir() + "/"}}, 12
	text := os.Getenv("ZAGG_RELIABILITY")
	if text == "" {
		return all, kills
	}
	kills, err := strconv.Atoi(text)
	require.NoError(t, err, "ZAGG_RELIABILITY")
	s, err := awstest.StartS3(t.Context(), awstest.S3Options{Exe: os.Getenv("ZAGG_VERSITYGW"), Buckets: []string{"out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, value := range s.Environ() {
		t.Setenv(name, value)
	}
	remote, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	all["s3"] = place{objstore.Retry(remote, objstore.Policy{}), "s3://out/"}
	return all, kills
}

// However often a run is killed, no half-written object is ever visible under its name, a record never exists without
// its objects, and the same command ends in the bytes of an undisturbed run. The claim of a killed run keeps nobody away.
func TestKilledRunsResume(t *testing.T) {
	sharedtest.NotShort(t)
	zagg := sharedtest.Program(t, "zagg")
	all, kills := places(t)
	for where, p := range all {
		t.Run(where, func(t *testing.T) { p.killed(t, zagg, "", filepath.Join(samples, "demo.yaml"), kills) })
		t.Run(where+", windows", func(t *testing.T) {
			demo, err := os.ReadFile(filepath.Join(samples, "demo.yaml"))
			require.NoError(t, err)
			config := filepath.Join(t.TempDir(), "days.yaml")
			require.NoError(t, os.WriteFile(config, bytes.Replace(demo, []byte("\noutput:"), []byte("\noutput:\n  windowing: {schedule: explicit, time_field: h_li, epoch: 2018-01-01, units: days, windows: [{label: early, start: 2018-01-01, end: 2020-12-31}, {label: late, start: 2021-06-01, end: 2030-12-31}]}"), 1), 0o644))
			p.killed(t, zagg, "windows-", config, max(kills/4, 2))
		})
	}
}

func (p place) killed(t *testing.T, zagg, name, config string, kills int) {
	run := func(store string, more ...string) *exec.Cmd {
		return exec.Command(zagg, append([]string{"run", "--config", config, "--granules", samples, "--store", store, "-q"}, more...)...)
	}
	start := time.Now()
	out, err := run(p.at + name + "whole.zarr").CombinedOutput()
	require.NoError(t, err, string(out))
	took := time.Since(start)
	want := p.read(t, p.at+name+"whole.zarr")

	store := p.at + name + "killed.zarr"
	for done := 0; done < kills; {
		cmd := run(store)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		require.NoError(t, cmd.Start())
		time.Sleep(rand.N(took))
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // it was killed
		if code := cmd.ProcessState.ExitCode(); code >= 0 {
			require.Zero(t, code, said.String())
		} else {
			done++
		}
		have := p.read(t, store)
		for name, data := range have {
			if strings.HasSuffix(name, "zarr.json") { // a run's end adds to the groups'
				require.Equal(t, asBegun(t, want[name]), asBegun(t, data), "%s is half written", name)
			} else {
				require.Equal(t, want[name], data, "%s is half written", name)
			}
		}
		p.recordsHold(t, store, have, want)
		if len(have) == len(want) { // the next begins anew
			p.remove(t, store)
		}
	}
	out, err = run(store).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, want, p.read(t, store))
	out, err = run(store, "--overwrite").CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, want, p.read(t, store))
}

// asBegun is metadata without what the end of a run says.
func asBegun(t *testing.T, text string) any {
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	var strip func(v any)
	strip = func(v any) {
		m, _ := v.(map[string]any)
		for _, name := range []string{"history", "granule_count", "granules_sha256", "granules_list", "product_version", "time_coverage_start", "time_coverage_end"} {
			delete(m, name)
		}
		for _, inner := range m {
			strip(inner)
		}
	}
	strip(v)
	return v
}

// recordsHold checks that what a record names is there.
func (p place) recordsHold(t *testing.T, store string, have, want map[string]string) {
	labels, err := layout.ListRecords(t.Context(), p.objects, store)
	require.NoError(t, err)
	for _, l := range labels {
		r, err := layout.LoadRecord(t.Context(), p.objects, store, l)
		require.NoError(t, err)
		for _, o := range r.Objects {
			require.Equal(t, want[o.Path], have[o.Path], "record %s names %s", l, o.Path)
		}
	}
}

// read is every object of a store.
func (p place) read(t *testing.T, store string) map[string]string {
	all := map[string]string{}
	require.NoError(t, p.objects.List(t.Context(), store+"/", func(o core.ObjectInfo) error {
		data, err := objstore.ReadAll(t.Context(), p.objects, o.URL, 1<<30)
		all[strings.TrimPrefix(o.URL, store+"/")] = string(data)
		return err
	}))
	return all
}

// remove deletes a store and what is beside it, its claim apart.
func (p place) remove(t *testing.T, store string) {
	var urls []string
	require.NoError(t, p.objects.List(t.Context(), store, func(o core.ObjectInfo) error {
		if o.URL != layout.At(store).Claim() {
			urls = append(urls, o.URL)
		}
		return nil
	}))
	require.NoError(t, layout.Delete(t.Context(), p.objects, urls))
}
