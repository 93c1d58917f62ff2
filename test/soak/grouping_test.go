//go:build suites

package soak

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/test/remote/loop"
)

// bareRecords are the records of a store without what differs from run to run.
func (b *bench) bareRecords(t *testing.T, store string) map[string]*layout.Record {
	labels, err := layout.ListRecords(t.Context(), b.store, store)
	require.NoError(t, err)
	all := map[string]*layout.Record{}
	for _, label := range labels {
		r, err := layout.LoadRecord(t.Context(), b.store, store, label)
		require.NoError(t, err)
		r.Receipt, r.RunID, r.WrittenAt = job.Receipt{}, "", time.Time{}
		r.Plugins, r.ConfigHash = nil, "" // plugins in processes are part of it
		all[label] = r
	}
	return all
}

// Plugins linked in, all of them in a process of their own, or in a function; shards one by one, some together or as many as suit;
// memory for all rows or for none: the stores and, receipts apart, the records are the same.
func TestSameStoreHoweverItIsComputed(t *testing.T) {
	sharedtest.NotShort(t)
	b := newBench(t)
	records := b.bareRecords(t, "s3://out/whole.zarr")
	require.Len(t, records, 6)
	plugins := loop.Folder(t, asPlugin)
	for i, kind := range []string{"linked", "remote", "lambda"} {
		for k, perJob := range []string{"1", "3", "auto"} {
			for m, memory := range []string{"32MiB", "1GB"} {
				if os.Getenv("ZAGG_SOAK") == "" && (i+k+m)%2 == 0 && kind != "linked" { // one of both with each
					continue
				}
				t.Run(kind+" "+perJob+" "+memory, func(t *testing.T) {
					store := fmt.Sprintf("s3://out/same-%d%d%d.zarr", i, k, m)
					b.compute(t, store, kind, perJob, memory, plugins)
					b.check(t, 0, store)
					require.Equal(t, records, b.bareRecords(t, store))
				})
			}
		}
	}
}

// compute makes a store. A function's budget is a part of its own memory.
func (b *bench) compute(t *testing.T, store, kind, perJob, memory, plugins string) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := b.command(ctx, "run", "--config", filepath.Join(sample, "demo.yaml"), "--granules", "s3://ins/", "--store", store, "--max-cells", "6", "-q",
		"--shards-per-job", perJob, "--memory", memory, "--scratch", t.TempDir())
	switch kind {
	case "remote":
		cmd.Env = append(cmd.Env, asCLI+"="+bare, "ZAGG_PLUGIN_PATH="+plugins, "XDG_DATA_HOME="+t.TempDir())
	case "lambda":
		b.deploy(t, patient, map[string]int{"32MiB": 128, "1GB": 2048}[memory])
		cmd.Args = append(cmd.Args, "--backend", "lambda", "--yes")
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
