//go:build suites

package soak

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
)

// deployed is the function as deploy/template.yaml has it.
func (b *bench) deployed(t *testing.T) {
	require.NoError(t, b.lambda.Deploy(emulator.Function{Name: "process-shard", Bootstrap: exe(t), Memory: usual, Timeout: 12 * time.Minute, Arch: "arm64", Env: b.s3.Environ(),
		Async: &emulator.AsyncConfig{MaxAge: fleet.MaxAge, OnFailure: emulator.Destination{Bucket: "failures", Store: b.store, URL: "s3://failures"}}}))
}

// jobsSent calls before for each event of a shard that reaches the function, with how many came before it and its label. The map that it
// gives counts events by label; it is for when nothing is under way.
func (b *bench) jobsSent(before func(n int, label string)) map[string]int {
	var mu sync.Mutex
	n, labels := 0, map[string]int{}
	b.lambda.SetFault(func(c emulator.Call) emulator.Fault {
		if job.ModeOf(c.Payload) != job.ModeProcess {
			return emulator.Fault{}
		}
		mu.Lock()
		defer mu.Unlock()
		if j, err := job.Decode(c.Payload); err == nil {
			labels[j.Label]++
			before(n, j.Label)
			n++
		}
		return emulator.Fault{}
	})
	return labels
}

// remove deletes what begins so.
func (b *bench) remove(t *testing.T, prefix string) {
	var urls []string
	require.NoError(t, b.store.List(t.Context(), prefix, func(o core.ObjectInfo) error {
		urls = append(urls, o.URL)
		return nil
	}))
	for _, u := range urls {
		require.NoError(t, b.store.Delete(t.Context(), u))
	}
}

// exitCode runs a command and gives its exit code and all it says.
func exitCode(t *testing.T, cmd *exec.Cmd) (int, string) {
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil {
		require.True(t, errors.As(err, &exit), "%v", err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func oneByOne(cmd *exec.Cmd) *exec.Cmd {
	cmd.Args = append(cmd.Args, "--shards-per-job", "1", "--max-workers", "1")
	return cmd
}

// A run whose store is deleted under it, whole or in part, does not end well, and says what is gone.
func TestStoreDeletedInMidRun(t *testing.T) {
	sharedtest.NotShort(t)
	b := newBench(t)
	b.deployed(t)
	for name, c := range map[string]struct{ gone, says string }{
		"all":  {"", "is gone: somebody has deleted"},
		"root": {"/zarr.json", "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			store := "s3://out/deleted-" + name + ".zarr"
			b.jobsSent(func(n int, _ string) {
				if n == 3 {
					b.remove(t, store+c.gone)
				}
			})
			code, said := exitCode(t, oneByOne(b.run(t.Context(), store, true)))
			require.Equal(t, 1, code, said)
			require.Contains(t, said, c.says)
			b.lambda.SetFault(nil)
			if name == "root" {
				require.Contains(t, said, "the same run again makes it anew", "the way out")
			}
			code, said = exitCode(t, oneByOne(b.run(t.Context(), store, true)))
			require.Zero(t, code, said)
			b.check(t, 0, store)
		})
	}
}

// Keys for the store that end in mid-run and are not renewed end the run with their cause, and no shard goes on being tried.
func TestOutputKeysEndForGood(t *testing.T) {
	sharedtest.NeedsSweep(t)
	b := newBench(t)
	b.deployed(t)
	file := filepath.Join(b.dir, "keys.json")
	key := awstest.Key{AccessKey: "output", SecretKey: "output-secret", SessionToken: "output-token", Expires: time.Now().Add(time.Hour)}
	b.s3.SetKey(key)
	writeKeys(t, file, key, b.s3.URL())
	for _, async := range []bool{false, true} {
		sent := b.jobsSent(func(n int, _ string) {
			if n == 2 {
				ended := key
				ended.Expires = time.Now().Add(-time.Second)
				b.s3.SetKey(ended)
			}
		})
		store := "s3://out/ended-" + map[bool]string{false: "sync", true: "async"}[async] + ".zarr"
		cmd := oneByOne(b.run(t.Context(), store, async))
		cmd.Args = append(cmd.Args, "--output-creds", file)
		code, said := exitCode(t, cmd)
		require.Equal(t, 1, code, said)
		require.Contains(t, said, "expired")
		require.NotContains(t, said, "output-secret")
		for label, n := range sent {
			require.Equal(t, 1, n, label)
		}
		b.s3.SetKey(key)
		b.lambda.SetFault(nil)
		cmd = oneByOne(b.run(t.Context(), store, async))
		cmd.Args = append(cmd.Args, "--output-creds", file)
		code, said = exitCode(t, cmd)
		require.Zero(t, code, said)
		b.check(t, 0, store)
	}
}

// A full disk ends a run on the emulator after a few shards, with the cause; the others are not tried.
func TestFullDisk(t *testing.T) {
	sharedtest.NotShort(t)
	mount := `mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"`
	dir := t.TempDir()
	if exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c", mount, dir, "true").Run() != nil {
		t.Skip("this system does not let its users mount")
	}
	b := &bench{dir: t.TempDir(), lambda: &emulator.Lambda{}}
	cmd := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-c", mount, dir, exe(t), "run", "--config", filepath.Join(sample, "demo.yaml"), "--granules", sample,
		"--store", filepath.Join(dir, "heights.zarr"), "--backend", "lambda", "--emulate", "--shards-per-job", "1", "--max-workers", "1", "-q")
	cmd.Env = []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=" + b.dir, asCLI + "=1"}
	code, said := exitCode(t, cmd)
	require.Equal(t, 1, code, said)
	require.Contains(t, said, "disk is full")
	require.Contains(t, said, "are not tried")
}

// Of a run whose program was killed, attach shows what was sent and does not wait for what was not; the same command then computes the
// rest, and no shard is paid for twice.
func TestAttachAfterAKill(t *testing.T) {
	sharedtest.NotShort(t)
	b := newBench(t)
	b.deployed(t)
	store := "s3://out/attached.zarr"
	killed := make(chan struct{})
	var cmd *exec.Cmd
	sent := b.jobsSent(func(n int, _ string) {
		if n == 2 {
			cmd.Process.Kill() //nolint:errcheck // Wait tells
			<-killed
		}
	})
	cmd = oneByOne(b.run(context.Background(), store, true))
	require.NoError(t, cmd.Start())
	cmd.Wait() //nolint:errcheck // killed
	close(killed)
	b.forget(t, store)
	code, said := exitCode(t, b.command(t.Context(), "attach", store))
	require.Equal(t, 1, code, said)
	require.Contains(t, said, "6 total, 3 with data, 0 empty, 3 errors")
	require.Contains(t, said, "it was not sent")
	code, said = exitCode(t, oneByOne(b.run(t.Context(), store, true)))
	require.Zero(t, code, said)
	b.check(t, 0, store)
	require.Len(t, sent, 6)
	for label, n := range sent {
		require.Equal(t, 1, n, label)
	}
}

// forget makes the claim of a run that was killed look as if that were long ago.
func (b *bench) forget(t *testing.T, store string) {
	claim, _, err := layout.LoadClaim(t.Context(), b.store, store)
	require.NoError(t, err)
	require.Len(t, claim.Holders, 1)
	folders := 0
	require.NoError(t, b.store.List(t.Context(), layout.At(store).Status(), func(o core.ObjectInfo) error {
		folder, ok := layout.RunOf(o.URL)
		if !ok || o.URL != folder.Note() {
			return nil
		}
		folders++
		data, err := objstore.ReadAll(t.Context(), b.store, o.URL, 1<<20)
		require.NoError(t, err)
		var note map[string]any
		require.NoError(t, json.Unmarshal(data, &note))
		note["started"] = time.Now().Add(-time.Hour)
		return b.put(t, o.URL, note)
	}))
	require.Equal(t, 1, folders)
	claim.Holders[0].Beat = time.Now().Add(-time.Hour)
	require.NoError(t, b.put(t, layout.At(store).Claim(), claim))
}

func (b *bench) put(t *testing.T, url string, v any) error {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return b.store.Put(t.Context(), url, strings.NewReader(string(data)), core.PutOptions{Size: int64(len(data))})
}
