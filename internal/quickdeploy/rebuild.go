package quickdeploy

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/zippatch"
)

// mostManifest is how long a bundle's manifest may be.
const mostManifest = 16 << 20

// differences builds the zip's function from the working tree, as it was built before unless o says otherwise, and gives the files that
// differ.
func differences(ctx context.Context, z *zippatch.Object, o bundle.Options, log io.Writer) ([]Change, error) {
	old, err := z.List(ctx)
	if err != nil {
		return nil, err
	}
	if err := asBefore(ctx, old, &o); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zagg-quickdeploy-")
	if err != nil {
		return nil, core.Errorf(core.Internal, "quickdeploy", "", "%w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	o.Out = filepath.Join(dir, "bundle.zip")
	o.FindSource()
	fmt.Fprintf(log, "Building %s for %s …\n", o.Function, o.Arch)
	if _, err := bundle.Build(ctx, o); err != nil {
		return nil, err
	}
	return differing(old, o.Out)
}

// asBefore takes function, architecture and plugins from the manifest of the zip.
func asBefore(ctx context.Context, old *zippatch.Archive, o *bundle.Options) error {
	text, err := old.Content(ctx, "manifest.json", mostManifest)
	if err != nil {
		return fmt.Errorf("%w; --bundle needs a zip that zagg bundle made", err)
	}
	var m struct {
		Arch, Function string
		Plugins        []struct{ Name string }
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return core.Errorf(core.Corrupt, "zip", "manifest.json", "%w", err)
	}
	o.Arch, o.Function = m.Arch, m.Function
	if o.Builtins != nil {
		return nil
	}
	var others []string
	for _, p := range m.Plugins {
		if slices.Contains(bundle.Builtins(), p.Name) {
			o.Builtins = append(o.Builtins, p.Name)
		} else {
			others = append(others, p.Name)
		}
	}
	if len(others) > len(o.Plugins) {
		return core.Errorf(core.Invalid, "--bundle", strings.Join(others, ", "), "the zip has these plugins of third parties: say with --plugin, and --replace for a folder, where they are")
	}
	return nil
}

// differing are the files of a zip on this machine that are not the same in another.
func differing(old *zippatch.Archive, file string) ([]Change, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, core.Errorf(core.Internal, "quickdeploy", file, "%w", err)
	}
	defer z.Close() //nolint:errcheck // only read
	var list []Change
	for _, f := range z.File {
		if e := old.Find(f.Name); e != nil && e.CRC() == f.CRC32 && e.Size() == int64(f.UncompressedSize64) {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return nil, core.Errorf(core.Internal, "quickdeploy", f.Name, "%w", err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return nil, core.Errorf(core.Internal, "quickdeploy", f.Name, "%w", err)
		}
		list = append(list, Change{Name: f.Name, Data: data})
	}
	return list, nil
}
