// Package release builds what a release of zagg consists of: the program for every platform, the zips of its Lambda
// functions, checksums, a list of components and the notes. The same sources and the same Go give the same bytes.
package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bench"
	"github.com/englacial/zagg/internal/bundle"
)

// A Platform is what a program is built for.
type Platform struct{ OS, Arch string }

// Platforms are those of a release.
func Platforms() []Platform {
	return []Platform{{"darwin", "amd64"}, {"darwin", "arm64"}, {"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}, {"windows", "arm64"}}
}

// ParsePlatform reads "linux/arm64".
func ParsePlatform(s string) (Platform, error) {
	for _, p := range Platforms() {
		if s == p.OS+"/"+p.Arch {
			return p, nil
		}
	}
	return Platform{}, core.Errorf(core.Invalid, "release", s, "no such platform: there are %v", Platforms())
}

// String is "linux/arm64".
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Options say what to build.
type Options struct {
	Source    string // the repository
	Tag       string // "1.2.3"
	Out       string // a folder, made if it is not there
	Platforms []Platform
	Bundles   bool // also the zips of the functions, below lambda/
	Log       io.Writer
}

// Names of what lies beside the programs.
const (
	sumsName  = bench.SumsName
	sbomName  = "sbom.cdx.json"
	notesName = "NOTES.md"
	bundleDir = "lambda"
)

// Build builds everything into Out.
func Build(ctx context.Context, o Options) error {
	if _, err := bench.Minor(o.Tag); err != nil {
		return err
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return core.Wrap(err, "release", o.Out)
	}
	notes, err := notes(filepath.Join(o.Source, "CHANGELOG.md"), o.Tag)
	if err != nil {
		return err
	}
	if err := o.write(notesName, []byte(notes)); err != nil {
		return err
	}
	var made []string
	for _, p := range o.Platforms {
		fmt.Fprintf(o.Log, "zagg for %s/%s …\n", p.OS, p.Arch)
		name, err := o.program(ctx, p)
		if err != nil {
			return err
		}
		made = append(made, name)
	}
	if o.Bundles {
		if err := o.bundles(ctx); err != nil {
			return err
		}
		for _, name := range bench.Bundles() {
			made = append(made, path.Join(bundleDir, name))
		}
	}
	components, err := sbom(ctx, o.Source, o.Tag)
	if err != nil {
		return err
	}
	if err := o.write(sbomName, components); err != nil {
		return err
	}
	sums, err := bench.Sums(o.Out, append(made, sbomName))
	if err != nil {
		return err
	}
	return o.write(sumsName, sums)
}

func (o Options) write(name string, data []byte) error {
	if err := os.WriteFile(filepath.Join(o.Out, name), data, 0o644); err != nil {
		return core.Wrap(err, "release", name)
	}
	return nil
}

// program builds zagg for a platform and packs it with README and CHANGELOG.
func (o Options) program(ctx context.Context, p Platform) (archive string, err error) {
	dir, err := os.MkdirTemp("", "zagg-release-")
	if err != nil {
		return "", core.Wrap(err, "release", o.Out)
	}
	defer os.RemoveAll(dir)
	binary := "zagg"
	if p.OS == "windows" {
		binary = "zagg.exe"
	}
	compiler := crossCompiler(p)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", filepath.Join(dir, binary), "./cmd/zagg")
	cmd.Dir = o.Source
	cmd.Env = append(os.Environ(), "GOOS="+p.OS, "GOARCH="+p.Arch, "GOFLAGS=", "CGO_ENABLED=0")
	if compiler != "" {
		cmd.Args = slices.Replace(cmd.Args, 4, 5, "-ldflags=-s -w -buildid= -linkmode=external -extldflags=-static")
		cmd.Env = append(cmd.Env, "CGO_ENABLED=1", "CC="+compiler)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", core.Errorf(core.Invalid, "release", p.OS+"/"+p.Arch, "go build: %w\n%s", err, out)
	}
	files := map[string]string{binary: filepath.Join(dir, binary)}
	for _, f := range []string{"README.md", "CHANGELOG.md"} {
		files[f] = filepath.Join(o.Source, f)
	}
	base := fmt.Sprintf("zagg_%s_%s_%s", strings.TrimPrefix(o.Tag, "v"), p.OS, p.Arch)
	pack, suffix := packTar, ".tar.gz"
	if p.OS == "windows" {
		pack, suffix = packZip, ".zip"
	}
	var packed bytes.Buffer
	if err := pack(&packed, base, files); err != nil {
		return "", core.Wrap(err, "release", base)
	}
	return base + suffix, o.write(base+suffix, packed.Bytes())
}

// crossCompiler is the C compiler with which the grid H3 can be built for a platform; "" where there is none.
func crossCompiler(p Platform) string {
	name := map[Platform]string{{"linux", "amd64"}: "x86_64-linux-gnu-gcc", {"linux", "arm64"}: "aarch64-linux-gnu-gcc"}[p]
	if name == "" {
		return ""
	}
	if _, err := exec.LookPath(name); err != nil {
		return ""
	}
	return name
}

// epoch is the time of every file in an archive: what is built does not depend on when.
func epoch() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

func packTar(w io.Writer, base string, files map[string]string) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, err := os.ReadFile(files[name])
		if err != nil {
			return err
		}
		h := &tar.Header{Name: base + "/" + name, Mode: int64(mode(name)), Size: int64(len(data)), ModTime: epoch(), Format: tar.FormatUSTAR}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(data); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	return z.Close()
}

func packZip(w io.Writer, base string, files map[string]string) error {
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, err := os.ReadFile(files[name])
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: base + "/" + name, Method: zip.Deflate, Modified: epoch()}
		h.SetMode(mode(name))
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(data); err != nil {
			return err
		}
	}
	return z.Close()
}

func mode(name string) os.FileMode {
	if strings.HasPrefix(name, "zagg") {
		return 0o755
	}
	return 0o644
}

// bundles builds the zips of all functions for both architectures.
func (o Options) bundles(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(o.Out, bundleDir), 0o755); err != nil {
		return core.Wrap(err, "release", bundleDir)
	}
	for _, name := range bench.Bundles() {
		function, arch := bundleOf(name)
		fmt.Fprintf(o.Log, "%s …\n", name)
		_, err := bundle.Build(ctx, bundle.Options{Function: function, Arch: arch, Source: o.Source, Version: o.Tag, Out: filepath.Join(o.Out, bundleDir, name)})
		if err != nil {
			return err
		}
	}
	return bench.CheckBundles(filepath.Join(o.Out, bundleDir))
}

// bundleOf says which function and GOARCH a zip of a release is.
func bundleOf(name string) (function, arch string) {
	function, arch, _ = strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, "lambda_"), ".zip"), "_")
	if function == "function" {
		function = "worker"
	}
	if arch == "x86_64" {
		arch = "amd64"
	}
	return function, arch
}
