package main

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
)

// machine prints on what was measured, and how fast that is at what takes most of a run's time, by Go's own decoder, so that figures of
// two machines can be compared.
func machine(ctx context.Context, o options) error {
	rate, err := inflateRate(ctx, filepath.Join(o.granules, firstGranule))
	if err != nil {
		return err
	}
	fmt.Printf("%s, %d cores, %s/%s, %s\n\n", processor(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Printf("Inflating the latitudes of a granule with Go's compress/flate on one core: %.0f MB of output a CPU-second.\n\n", rate)
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		fmt.Printf("Load when it began: %s\n\n", strings.Fields(string(load))[0])
	}
	const ask = `import importlib.metadata as m, platform
print("Python", platform.python_version() + ";", ", ".join(f"{n} {m.version(n)}" for n in "h5py h5coro healpy cdshealpix mortie numpy zarr".split()))`
	out, err := exec.CommandContext(ctx, o.Python, "-c", ask).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the interpreter lacks a package of bench/requirements.txt: %w\n%s", err, out)
	}
	fmt.Print(string(out))
	return nil
}

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// inflateRate is bytes of output a second, in millions: the best of five.
func inflateRate(ctx context.Context, granule string) (float64, error) {
	chunks, err := latitudes(ctx, granule)
	if err != nil {
		return 0, err
	}
	best := 0.0
	for range 5 {
		before, n := peer.CPU(), int64(0)
		for _, c := range chunks {
			got, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(c[2:]))) // behind zlib's header
			if err != nil {
				return 0, err
			}
			n += got
		}
		best = max(best, float64(n)/1e6/(peer.CPU()-before))
	}
	return best, nil
}

// latitudes are the stored chunks of one beam's latitudes.
func latitudes(ctx context.Context, granule string) ([][]byte, error) {
	file, err := os.ReadFile(granule)
	if err != nil {
		return nil, err
	}
	f, err := h5.Open(ctx, &objstore.File{}, granule, h5.Options{})
	if err != nil {
		return nil, err
	}
	sets, err := f.Datasets(ctx, "/gt1l/land_ice_segments/latitude")
	if err != nil {
		return nil, err
	}
	chunks, err := sets[0].Chunks(ctx)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, c := range chunks {
		out = append(out, file[int64(c.Address):int64(c.Address)+c.Size])
	}
	return out, nil
}
