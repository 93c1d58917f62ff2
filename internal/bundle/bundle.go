// Package bundle builds the zip of a Lambda function with chosen plugins: it generates a main package, builds it static and reproducible
// for the function's architecture, and adds a manifest of the plugins. Third-party plugins are also built as processes for the
// local machine, which needs them to plan a run.
//
// Its tests are in test/bundle, which builds functions and runs them.
package bundle

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// Module is this one.
const Module = "github.com/englacial/zagg"

// Builtins are the plugins of this module that a bundle can have.
func Builtins() []string {
	return []string{"atl03", "atl06", "h3", "hdf5", "healpix", "rectilinear", "stats", "tdigest"}
}

// Options say what to build.
type Options struct {
	Function string   // of Functions; "": worker
	Builtins []string // of Builtins; nil: all
	Plugins  []Plugin // of third parties
	Arch     string   // GOARCH: arm64 or amd64; "": arm64
	Out      string   // the zip's path
	Source   string   // folder of this module; "": Version is taken from the module proxy
	Version  string   // of this module, where there is no Source
	Log      io.Writer
}

// A Plugin is a Go package with a function Plugin() core.Plugin.
type Plugin struct {
	Package string // import path
	Version string // of its module; "": the newest, or Replace's
	Replace string // a local folder with its module; "": none
	Module  string // path of its module; "": found by Go, or Replace's go.mod
}

// Choose adds plugins of third parties, PACKAGE or PACKAGE@VERSION each, and takes some of them from folders: PACKAGE=FOLDER.
func (o *Options) Choose(plugins, replaces []string) error {
	for _, p := range plugins {
		name, version, _ := strings.Cut(p, "@")
		if name == "" {
			return core.Errorf(core.Invalid, "", "", "--plugin %q names no package", p)
		}
		o.Plugins = append(o.Plugins, Plugin{Package: name, Version: version})
	}
	for _, r := range replaces {
		name, folder, ok := strings.Cut(r, "=")
		i := slices.IndexFunc(o.Plugins, func(p Plugin) bool { return p.Package == name })
		if !ok || folder == "" || i < 0 {
			return core.Errorf(core.Invalid, "", "", "--replace %q: want PACKAGE=FOLDER with a PACKAGE of --plugin", r)
		}
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err != nil {
			return core.Errorf(core.NotFound, "--replace", folder, "there is no Go module: %w", err)
		}
		o.Plugins[i].Replace = folder
	}
	return nil
}

// A Result is what was built.
type Result struct {
	Path     string          `json:"path"`
	SHA256   string          `json:"sha256"`
	Size     int64           `json:"size"`
	Binary   int64           `json:"binary_size"`
	Cgo      []string        `json:"cgo,omitempty"` // packages that made a C compiler necessary
	Manifest json.RawMessage `json:"manifest"`
	Client   []Executable    `json:"client,omitempty"`
}

// An Executable is a plugin as a process.
type Executable struct {
	Name   string `json:"name"`
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// Build makes the zip.
func Build(ctx context.Context, o Options) (*Result, error) {
	o.Function, o.Arch = cmp.Or(o.Function, "worker"), cmp.Or(o.Arch, "arm64")
	if o.Builtins == nil && Functions()[o.Function].Plugins {
		o.Builtins = Builtins()
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zagg-bundle-")
	if err != nil {
		return nil, core.Errorf(core.Internal, "bundle", "", "%w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	b := &builder{Options: o, ctx: ctx, dir: dir}
	if err := b.write(); err != nil {
		return nil, err
	}
	return b.build()
}

func (o *Options) check() error {
	function, ok := Functions()[o.Function]
	if !ok {
		return core.Errorf(core.Invalid, "bundle", o.Function, "no such function; have %s", strings.Join(FunctionNames(), ", "))
	}
	if o.Arch != "arm64" && o.Arch != "amd64" {
		return core.Errorf(core.Invalid, "bundle", o.Arch, "no such architecture; have arm64, amd64")
	}
	for _, b := range o.Builtins {
		if !slices.Contains(Builtins(), b) {
			return core.Errorf(core.Invalid, "bundle", b, "no such built-in plugin; have %s", strings.Join(Builtins(), ", "))
		}
	}
	switch n := len(o.Builtins) + len(o.Plugins); {
	case function.Plugins && n == 0:
		return core.Errorf(core.Invalid, "bundle", "", "a bundle without plugins can do nothing")
	case !function.Plugins && n > 0:
		return core.Errorf(core.Invalid, "bundle", o.Function, "this function takes no plugins")
	}
	if o.Source == "" && o.Version == "" {
		return core.Errorf(core.Invalid, "bundle", Module, "this program was built from no released version: say where the module's source is (--source)")
	}
	if _, err := exec.LookPath("go"); err != nil {
		return core.Errorf(core.NotFound, "bundle", "go", "building needs the Go toolchain: https://go.dev/dl")
	}
	return nil
}

// A builder works in a module of its own.
type builder struct {
	Options
	ctx context.Context
	dir string
}

// write makes the module: go.mod, the function's main, and a main for each client plugin.
func (b *builder) write() error {
	mod := "module zagg-bundle\n\ngo " + GoVersion() + "\n"
	if err := b.file("go.mod", mod); err != nil {
		return err
	}
	imports := make([]string, 0, len(b.Builtins)+len(b.Plugins))
	for _, name := range b.Builtins {
		imports = append(imports, Module+"/plugins/"+name)
	}
	for _, p := range b.Plugins {
		imports = append(imports, p.Package)
	}
	if err := b.file("function/main.go", mainOf(Functions()[b.Function].Package, imports)); err != nil {
		return err
	}
	for i, p := range b.Plugins {
		if err := b.file(fmt.Sprintf("client%d/main.go", i), mainOf(Module+"/host/serve", []string{p.Package})); err != nil {
			return err
		}
	}
	return b.require()
}

// GoVersion is the language version of this toolchain: "1.26".
func GoVersion() string {
	v := strings.TrimPrefix(runtime.Version(), "go")
	if parts := strings.SplitN(v, ".", 3); len(parts) >= 2 {
		return parts[0] + "." + strings.TrimRight(parts[1], "abcdefghijklmnopqrstuvwxyz-")
	}
	return "1.26"
}

// mainOf calls Main of one package with the plugins of others.
func mainOf(run string, plugins []string) string {
	var s strings.Builder
	s.WriteString("package main\n\nimport (\n")
	fmt.Fprintf(&s, "\trun %q\n", run)
	calls := make([]string, len(plugins))
	for i, p := range plugins {
		fmt.Fprintf(&s, "\tp%d %q\n", i, p)
		calls[i] = fmt.Sprintf("p%d.Plugin()", i)
	}
	fmt.Fprintf(&s, ")\n\nfunc main() { run.Main(%s) }\n", strings.Join(calls, ", "))
	return s.String()
}

func (b *builder) file(name, text string) error {
	p := filepath.Join(b.dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		return core.Errorf(core.Internal, "bundle", name, "%w", err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		return core.Errorf(core.Internal, "bundle", name, "%w", err)
	}
	return nil
}

// require pins this module and those of the plugins, and checks that what was resolved is what was asked for.
func (b *builder) require() error {
	if b.Source != "" {
		if err := b.local(Module, b.Source); err != nil {
			return err
		}
		if sums, err := os.ReadFile(filepath.Join(b.Source, "go.sum")); err == nil {
			if err := b.file("go.sum", string(sums)); err != nil {
				return err
			}
		}
	} else if _, err := b.run(nil, "go", "get", Module+"@"+b.Version); err != nil {
		return err
	}
	for i := range b.Plugins {
		if err := b.requirePlugin(&b.Plugins[i]); err != nil {
			return err
		}
	}
	_, err := b.run(nil, "go", "mod", "tidy")
	return err
}

// localPrefix is where modules of folders are linked in the builder's module. Go notes in the program where a module was
// taken from: by way of a link, that is the same wherever the folder lies, and so are the program's bytes.
const localPrefix = "./local/"

// local takes a module from a folder.
func (b *builder) local(mod, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return core.Errorf(core.Invalid, "bundle", dir, "%w", err)
	}
	link := filepath.Join(b.dir, localPrefix, filepath.FromSlash(mod))
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return core.Errorf(core.Internal, "bundle", link, "%w", err)
	}
	if err := os.Symlink(abs, link); err != nil {
		return core.Errorf(core.Internal, "bundle", link, "%w", err)
	}
	_, err = b.run(nil, "go", "mod", "edit", "-require="+mod+"@v0.0.0", "-replace="+mod+"="+localPrefix+mod)
	return err
}

func (b *builder) requirePlugin(p *Plugin) error {
	if p.Replace != "" {
		if p.Module == "" {
			text, err := b.run([]string{"GOWORK=off"}, "go", "-C", absolute(p.Replace), "list", "-m")
			if err != nil {
				return err
			}
			p.Module = strings.TrimSpace(text)
		}
		if p.Package != p.Module && !strings.HasPrefix(p.Package, p.Module+"/") {
			return core.Errorf(core.Invalid, "bundle", p.Package, "it is not in module %s of %s", p.Module, p.Replace)
		}
		return b.local(p.Module, p.Replace)
	}
	want := cmp.Or(p.Version, "latest")
	if _, err := b.run(nil, "go", "get", p.Package+"@"+want); err != nil {
		return err
	}
	got, err := b.run(nil, "go", "list", "-f", "{{.Module.Path}} {{.Module.Version}}", p.Package)
	if err != nil {
		return err
	}
	mod, version, _ := strings.Cut(strings.TrimSpace(got), " ")
	if p.Version != "" && version != p.Version {
		return core.Errorf(core.Invalid, "bundle", p.Package, "%s was asked for and other requirements make it %s", p.Version, version)
	}
	p.Module, p.Version = mod, version
	return nil
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// run runs a command in the module and gives what it printed.
func (b *builder) run(env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(b.ctx, name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), append([]string{"GOWORK=off", "GOFLAGS=-mod=mod", "PWD=" + b.dir}, env...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if b.Log != nil {
		fmt.Fprintf(b.Log, "%s %s\n", name, strings.Join(args, " "))
	}
	if err := cmd.Run(); err != nil {
		if b.ctx.Err() != nil {
			return "", context.Cause(b.ctx)
		}
		return "", core.Errorf(core.Invalid, "bundle", strings.Join(append([]string{name}, args...), " "), "%w\n%s", err, lastOf(errs.String()))
	}
	return out.String(), nil
}

// lastOf is the end of a text, which is where compilers say what is wrong.
func lastOf(text string) string {
	const most = 2000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}

// build compiles the function, asks a build for this machine what it can do, and packs both.
func (b *builder) build() (*Result, error) {
	compiler, cgo, err := b.compiler(b.Arch)
	if err != nil {
		return nil, err
	}
	bootstrap, manifest := filepath.Join(b.dir, "bootstrap"), filepath.Join(b.dir, "here")
	if err := b.compile("./function", bootstrap, b.Arch, compiler); err != nil {
		return nil, err
	}
	here, _, err := b.compiler(runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS == "linux" && b.Arch == runtime.GOARCH {
		manifest = bootstrap
	} else if err := b.compileHere("./function", manifest, here); err != nil {
		return nil, err
	}
	text, err := b.run(nil, manifest, "-manifest")
	if err != nil {
		return nil, err
	}
	r := &Result{Path: b.Out, Cgo: cgo}
	if r.Manifest, err = b.manifest([]byte(text)); err != nil {
		return nil, err
	}
	if err := b.pack(r, bootstrap); err != nil {
		return nil, err
	}
	return r, b.clients(r, here)
}

// manifest says of the function what the build for this machine says of itself. Where a module was taken from a folder,
// the path of the folder is left out: it means something on this machine only.
func (b *builder) manifest(text []byte) (json.RawMessage, error) {
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, core.Errorf(core.Internal, "bundle", "manifest", "%w", err)
	}
	m["arch"] = b.Arch
	m["function"] = b.Function
	if modules, ok := m["modules"].([]any); ok {
		for _, e := range modules {
			mod, _ := e.(map[string]any)
			name, _ := mod["path"].(string)
			if name, local := strings.CutPrefix(name, localPrefix); local {
				mod["path"], mod["version"] = name, "local"
			}
		}
	}
	return json.MarshalIndent(m, "", "  ")
}

// epoch is the time of everything in a zip, the earliest that zips know.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack writes the zip beside its place and moves it there.
func (b *builder) pack(r *Result, bootstrap string) error {
	program, err := os.ReadFile(bootstrap)
	if err != nil {
		return core.Errorf(core.Internal, "bundle", "bootstrap", "%w", err)
	}
	r.Binary = int64(len(program))
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		mode os.FileMode
		data []byte
	}{{"bootstrap", 0o755, program}, {"manifest.json", 0o644, r.Manifest}} {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: epoch}
		h.SetMode(f.mode)
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			return core.Errorf(core.Internal, "bundle", f.name, "%w", err)
		}
	}
	if err := z.Close(); err != nil {
		return core.Errorf(core.Internal, "bundle", b.Out, "%w", err)
	}
	sum := sha256.Sum256(out.Bytes())
	r.SHA256, r.Size = hex.EncodeToString(sum[:]), int64(out.Len())
	return replace(b.Out, out.Bytes(), 0o644)
}

// replace puts a whole file in its place.
func replace(name string, data []byte, mode os.FileMode) error {
	tmp := name + ".part"
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(tmp, data, mode)
	}
	if err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		os.Remove(tmp) //nolint:errcheck // the first error counts
		return core.Errorf(core.Internal, "bundle", name, "%w", err)
	}
	return nil
}
