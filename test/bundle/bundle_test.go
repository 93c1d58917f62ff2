//go:build suites

package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

const (
	repository = "../.."
	planefit   = "example.org/planefit"
	sample     = repository + "/cmd/zagg/cli/sample"
	most       = 10 << 20 // bytes of a zip
)

// The test's program is also a function, without the plugin of a third party.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		os.Exit(cli.Main(all.Plugins()...))
	}
	os.Exit(m.Run())
}

// build makes a bundle from this checkout.
func build(t *testing.T, o bundle.Options) *bundle.Result {
	t.Helper()
	o.Source = repository
	if o.Out == "" {
		o.Out = filepath.Join(t.TempDir(), "zagg-worker-"+o.Arch+".zip")
	}
	r, err := bundle.Build(t.Context(), o)
	require.NoError(t, err)
	require.Less(t, r.Size, int64(most))
	d, err := bundle.Inspect(r.Path)
	require.NoError(t, err)
	require.Equal(t, o.Arch, d.Arch)
	return r
}

// compiler skips where C cannot be compiled for an architecture.
func compiler(t *testing.T, name string) {
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed (apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)", name)
		}
		t.Skipf("%s is not installed (apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross)", name)
	}
}

// content reads a file of a zip.
func content(t *testing.T, name, entry string) []byte {
	z, err := zip.OpenReader(name)
	require.NoError(t, err)
	defer z.Close() //nolint:errcheck // only read
	f, err := z.Open(entry)
	require.NoError(t, err)
	data, err := io.ReadAll(f)
	require.NoError(t, err)
	return data
}

func names(t *testing.T, manifest []byte) []string {
	var m host.Manifest
	require.NoError(t, json.Unmarshal(manifest, &m))
	var all []string
	for _, p := range m.Plugins {
		all = append(all, p.Name)
	}
	slices.Sort(all)
	return all
}

func zagg(t *testing.T, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...)
	return code, out.String(), errs.String()
}

// written are the files below a folder.
func written(t *testing.T, folder string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		name, _ := filepath.Rel(folder, p)
		all[name] = string(data)
		return err
	}))
	return all
}

// All that zagg has, C and all, for the architecture that Lambda is cheapest on.
func TestEveryBuiltinForARM(t *testing.T) {
	sharedtest.NeedsSweep(t)
	compiler(t, "aarch64-linux-gnu-gcc")
	r := build(t, bundle.Options{Arch: "arm64"})
	require.Contains(t, strings.Join(r.Cgo, " "), "h3")
	require.Equal(t, bundle.Builtins(), names(t, r.Manifest))
	require.Equal(t, []byte(r.Manifest), content(t, r.Path, "manifest.json"))
	program := content(t, r.Path, "bootstrap")
	e, err := elf.NewFile(bytes.NewReader(program))
	require.NoError(t, err)
	require.Equal(t, elf.EM_AARCH64, e.Machine)
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Log("qemu-aarch64-static is not installed: the program is not run")
		return
	}
	file := filepath.Join(t.TempDir(), "bootstrap")
	require.NoError(t, os.WriteFile(file, program, 0o755))
	out, err := exec.Command(qemu, file, "-manifest").Output()
	require.NoError(t, err)
	require.Equal(t, bundle.Builtins(), names(t, out))
	var m host.Manifest
	require.NoError(t, json.Unmarshal(out, &m))
	require.Equal(t, "arm64", m.Arch)
}

// The function that serves HDF5 files is small, without plugins and without C.
func TestHDF(t *testing.T) {
	sharedtest.NeedsSweep(t)
	out := filepath.Join(t.TempDir(), "hdf.zip")
	code, _, errs := zagg(t, "bundle", "--function", "hdf", "--source", repository, "-o", out)
	require.Zero(t, code, errs)
	d, err := bundle.Inspect(out)
	require.NoError(t, err)
	require.Equal(t, "arm64", d.Arch)
	require.Equal(t, "hdf", d.Function)
	program := content(t, out, "bootstrap")
	require.Less(t, len(program), 3*most)
	e, err := elf.NewFile(bytes.NewReader(program))
	require.NoError(t, err)
	require.Equal(t, elf.EM_AARCH64, e.Machine)
	require.Empty(t, names(t, content(t, out, "manifest.json")))
	code, _, errs = zagg(t, "bundle", "--function", "hdf", "--plugin", planefit, "--source", repository, "-o", filepath.Join(t.TempDir(), "x.zip"))
	require.NotZero(t, code)
	require.Contains(t, errs, "plugin")
}

// A plugin of a third party, taken from a folder, is in the function and in a process for this machine. The same sources
// give the same bytes, and the function what a local run gives.
func TestThirdPartyPlugin(t *testing.T) {
	sharedtest.NotShort(t)
	o := bundle.Options{
		Arch: "amd64", Builtins: []string{"atl06", "healpix", "stats"},
		Plugins: []bundle.Plugin{{Package: planefit, Replace: repository + "/examples/planefit"}},
	}
	r := build(t, o)
	require.Empty(t, r.Cgo)
	require.Equal(t, []string{"atl06", "healpix", "planefit", "stats"}, names(t, r.Manifest))
	require.NotContains(t, string(r.Manifest), os.TempDir())
	wd, err := filepath.Abs(repository)
	require.NoError(t, err)
	require.NotContains(t, string(r.Manifest), wd)

	require.Len(t, r.Client, 1)
	client := r.Client[0]
	data, err := os.ReadFile(client.Path)
	require.NoError(t, err)
	sum := sha256.Sum256(data)
	require.Equal(t, hex.EncodeToString(sum[:]), client.SHA256)
	if sharedtest.Sweep() {
		again := build(t, o)
		require.Equal(t, r.SHA256, again.SHA256)
		require.Equal(t, client.SHA256, again.Client[0].SHA256)
	}
	emulated(t, r, client)
}

// emulated runs the example's configuration with the client plugin, here and in the bundle.
func emulated(t *testing.T, r *bundle.Result, client bundle.Executable) {
	text, err := os.ReadFile(repository + "/examples/planefit.yaml")
	require.NoError(t, err)
	const listed = "{name: planefit, command: [./examples/zagg-plugin-planefit]}"
	require.Contains(t, string(text), listed)
	config := filepath.Join(t.TempDir(), "run.yaml")
	ours := "{name: planefit, command: [" + client.Path + "], sha256: " + client.SHA256 + "}"
	require.NoError(t, os.WriteFile(config, []byte(strings.Replace(string(text), listed, ours, 1)), 0o644))
	dir := t.TempDir()
	here, there := filepath.Join(dir, "here.zarr"), filepath.Join(dir, "there.zarr")
	args := []string{"run", "--allow-plugins", "--config", config, "--granules", sample, "--max-cells", "3", "-q", "--store"}
	code, _, errs := zagg(t, append(args, here)...)
	require.Zero(t, code, errs)
	lambda := []string{"--backend", "lambda", "--emulate"}
	code, out, errs := zagg(t, slices.Concat(args, []string{there}, lambda, []string{"--bundle", r.Path})...)
	require.Zero(t, code, errs)
	require.Contains(t, out, "3 with data")
	require.Equal(t, written(t, here), written(t, there))
	code, _, errs = zagg(t, slices.Concat(args, []string{there}, lambda)...) // the test's program, which has no such plugin
	require.Equal(t, 1, code)
	require.Contains(t, errs, "function process-shard has no statistic plane_nmad")
}

func TestWhatCannotBeBuilt(t *testing.T) {
	sharedtest.NotShort(t)
	out := filepath.Join(t.TempDir(), "x.zip")
	third := func(p bundle.Plugin) bundle.Options {
		return bundle.Options{Arch: "amd64", Builtins: []string{"stats"}, Plugins: []bundle.Plugin{p}}
	}
	module := func(source string) string {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/broken\n\ngo 1.26\n"), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.go"), []byte(source), 0o644))
		return dir
	}
	for want, o := range map[string]bundle.Options{
		"bundle nonsense: no such built-in plugin; have atl03, atl06, h3": {Builtins: []string{"nonsense"}},
		"bundle sparc: no such architecture; have arm64, amd64":           {Arch: "sparc"},
		"it is not in module example.org/planefit of":                     third(bundle.Plugin{Package: "example.org/other", Replace: repository + "/examples/planefit"}),
		"undefined: p1.Plugin":                                            third(bundle.Plugin{Package: "example.org/broken", Replace: module("package broken\n")}),
		"broken.go:3:28: undefined: plugin":                               third(bundle.Plugin{Package: "example.org/broken", Replace: module("package broken\n\nfunc Plugin() int { return plugin }\n")}),
		"go get " + planefit + "@v9.9.9":                                  third(bundle.Plugin{Package: planefit, Version: "v9.9.9"}),
	} {
		if strings.HasPrefix(want, "go get") {
			t.Setenv("GOPROXY", "off")
		}
		o.Source, o.Out = repository, out
		_, err := bundle.Build(t.Context(), o)
		require.Error(t, err, want)
		require.Contains(t, err.Error(), want)
		require.NotEqual(t, core.Internal, core.CodeOf(err), err.Error())
		require.NoFileExists(t, out)
	}
}

// A plugin with C in it and no compiler: which plugin, and what to install or to leave out.
func TestNoCompiler(t *testing.T) {
	goTool, err := exec.LookPath("go")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(goTool, filepath.Join(dir, "go")))
	t.Setenv("PATH", dir)
	t.Setenv("CC", "")
	for arch, install := range map[string]string{"arm64": "gcc-aarch64-linux-gnu", "amd64": "gcc-x86-64-linux-gnu"} {
		_, err := bundle.Build(t.Context(), bundle.Options{Arch: arch, Builtins: []string{"h3"}, Source: repository, Out: filepath.Join(dir, "x.zip")})
		require.Equal(t, core.NotFound, core.CodeOf(err))
		require.ErrorContains(t, err, "h3")
		require.ErrorContains(t, err, install)
		require.ErrorContains(t, err, "or leave H3 out with --builtin")
	}
}

// What is no bundle is found out without running it.
func TestInspectRefuses(t *testing.T) {
	program, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	program = program[:64] // its header, of a program of no sections
	clear(program[32:48])
	clear(program[56:64])
	const manifest = `{"arch":"amd64","function":"worker","plugins":[{"name":"stats"}]}`
	type files = map[string]string
	for want, c := range map[string]files{
		"no file bootstrap":              {"x": "y"},
		"not a program for Linux":        {"bootstrap": "#!/bin/sh"},
		"no manifest.json":               {"bootstrap": string(program)},
		"cannot be read: unexpected":     {"bootstrap": string(program), "manifest.json": "{"},
		`says "arm64" and its bootstrap`: {"bootstrap": string(program), "manifest.json": strings.Replace(manifest, "amd64", "arm64", 1)},
		"none of zagg's":                 {"bootstrap": string(program), "manifest.json": strings.Replace(manifest, "worker", "other", 1)},
		"larger than the 250 MB":         {"bootstrap": string(program), "manifest.json": manifest, "bomb": strings.Repeat("\x00", 251<<20)},
	} {
		name := pack(t, c)
		_, err := bundle.Inspect(name)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, name)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	d, err := bundle.Inspect(pack(t, files{"bootstrap": string(program), "manifest.json": manifest}))
	require.NoError(t, err)
	require.Equal(t, []string{"stats"}, d.Plugins)
	_, err = bundle.Inspect(filepath.Join(t.TempDir(), "none.zip"))
	require.Equal(t, core.NotFound, core.CodeOf(err))
	_, err = bundle.Inspect(repository + "/README.md")
	require.ErrorContains(t, err, "not a zip")
}

func pack(t *testing.T, files map[string]string) string {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, data := range files {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		require.NoError(t, err)
		_, err = io.WriteString(w, data)
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	name := filepath.Join(t.TempDir(), "x.zip")
	require.NoError(t, os.WriteFile(name, out.Bytes(), 0o644))
	return name
}
