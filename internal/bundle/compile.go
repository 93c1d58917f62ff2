package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A compiler is how C is compiled for an architecture; "" if there is no C.
type compiler string

// compiler finds out whether a plugin needs C, and the compiler for it.
func (b *builder) compiler(arch string) (compiler, []string, error) {
	text, err := b.run([]string{"CGO_ENABLED=1", "GOOS=linux", "GOARCH=" + arch}, "go", "list", "-deps", "-f", "{{if and .CgoFiles (not .Standard)}}{{.ImportPath}}{{end}}", "./function")
	if err != nil {
		return "", nil, err
	}
	packages := strings.Fields(text)
	if len(packages) == 0 {
		return "", nil, nil
	}
	names := map[string][]string{
		"arm64": {"aarch64-linux-gnu-gcc", "aarch64-linux-musl-gcc"},
		"amd64": {"x86_64-linux-gnu-gcc", "x86_64-linux-musl-gcc"},
	}[arch]
	if arch == runtime.GOARCH {
		names = append([]string{"cc", "gcc"}, names...)
	}
	if cc := os.Getenv("CC"); cc != "" && arch == runtime.GOARCH {
		names = append([]string{cc}, names...)
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return compiler(p), packages, nil
		}
	}
	return "", nil, core.Errorf(core.NotFound, "bundle", packages[0], "it needs C, and there is no C compiler for %s: install one (Debian: apt-get install %s), or leave H3 out with %s", arch, debian[arch], b.withoutH3())
}

// withoutH3 is the flag that leaves out the only built-in plugin with C in it.
func (o *Options) withoutH3() string {
	return "--builtin " + strings.Join(slices.DeleteFunc(slices.Clone(o.Builtins), func(name string) bool { return name == "h3" }), ",")
}

// debian names the packages with compilers.
var debian = map[string]string{"arm64": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross", "amd64": "gcc-x86-64-linux-gnu libc6-dev-amd64-cross"}

// tags leave out what a static program and a bootstrap do not need.
const tags = "lambda.norpc,netgo,osusergo"

// compile makes a static program for a Lambda function, the same bytes every time.
func (b *builder) compile(pkg, out, arch string, cc compiler) error {
	env := []string{"GOOS=linux", "GOARCH=" + arch, "CGO_ENABLED=0"}
	flags := "-s -w -buildid="
	if cc != "" {
		env = append(env[:2], "CGO_ENABLED=1", "CC="+string(cc))
		flags += ` -extldflags "-static"`
	}
	_, err := b.run(env, "go", "build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", flags, "-o", out, pkg)
	return err
}

// compileHere makes a program for this machine.
func (b *builder) compileHere(pkg, out string, cc compiler) error {
	env := []string{"CGO_ENABLED=0"}
	if cc != "" {
		env = []string{"CGO_ENABLED=1", "CC=" + string(cc)}
	}
	_, err := b.run(env, "go", "build", "-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", "-s -w -buildid=", "-o", out, pkg)
	return err
}

// clients builds the third-party plugins as processes for this machine, in a folder beside the zip.
func (b *builder) clients(r *Result, cc compiler) error {
	folder := strings.TrimSuffix(b.Out, ".zip") + ".plugins"
	for i, p := range b.Plugins {
		name := path.Base(p.Package)
		built := filepath.Join(b.dir, "zagg-plugin-"+name)
		if err := b.compileHere(fmt.Sprintf("./client%d", i), built, cc); err != nil {
			return err
		}
		data, err := os.ReadFile(built)
		if err != nil {
			return core.Errorf(core.Internal, "bundle", built, "%w", err)
		}
		sum := sha256.Sum256(data)
		e := Executable{Name: name, Path: absolute(filepath.Join(folder, "zagg-plugin-"+name)), SHA256: hex.EncodeToString(sum[:])}
		if err := replace(e.Path, data, 0o755); err != nil {
			return err
		}
		r.Client = append(r.Client, e)
	}
	return nil
}
