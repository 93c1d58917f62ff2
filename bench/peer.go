package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// peerCell is the shard that peer_python.py computes.
const peerCell = "-5111123"

// peerScript is its path from the project's folder.
const peerScript = "bench/peer_python.py"

// runPeer measures the same shard computed with other software, and checks that its values are zagg's.
func runPeer(ctx context.Context, o options, b build, work string, env []string, ours float64) error {
	if o.cell != peerCell {
		return fmt.Errorf("-python needs -cell %s", peerCell)
	}
	files, err := filepath.Glob(filepath.Join(o.granules, "*.h5"))
	if err != nil {
		return err
	}
	store := filepath.Join(work, "peer.zarr")
	args := []string{peerScript, store}
	for _, f := range files {
		if strings.Contains(o.place, "disk") {
			args = append(args, f)
		} else {
			args = append(args, "s3://"+o.bucket+"/"+filepath.Base(f))
		}
	}
	samples, err := repeat(min(o.Repeat, 3), func(int) (sample, error) {
		cmd := exec.CommandContext(ctx, o.Python, args...)
		cmd.Env = env
		_, s, err := measure(cmd)
		return s, err
	})
	if err != nil {
		return err
	}
	row("h5coro, mortie, numpy, zarr"+o.place, samples)
	if err := compare(ctx, o, b, work, env, store); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "CPU of the peer / CPU of zagg%s: %.1f; all values are equal\n", o.place, median(samples, func(s sample) float64 { return s.cpu })/ours)
	return nil
}

// compare has zagg compute the shard once more and holds the peer's store against that.
func compare(ctx context.Context, o options, b build, work string, env []string, theirs string) error {
	store := filepath.Join(work, "same.zarr")
	for _, args := range [][]string{
		{b.path, "run", "--config", o.config, "--catalog", o.catalog, "--store", store, "--overwrite", "--morton-cell", o.cell, "-q"},
		{o.Python, peerScript, "--compare", theirs, store},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", args[:2], err, out)
		}
	}
	return nil
}
