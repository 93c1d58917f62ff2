package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/englacial/zagg"

// rules says which of our packages a folder may import beside core itself. A folder is ruled by its longest prefix here.
// "x/..." allows x and all below it; its own internal folders are open to every package. Test files may also import what testsMay lists.
var rules = map[string][]string{
	"bench":             {"..."},
	"cmd":               {"..."},
	"core":              {},
	"core/coretest":     {"core/..."},
	"core/names":        {},
	"core/gridkit":      {},
	"core/sphere":       {},
	"core/reduce":       {},
	"core/filekind":     {},
	"core/h5":           {"core/filekind", "core/h5/internal/..."},
	"core/h5/internal":  {"core/filekind", "core/h5/internal/..."},
	"core/h5/levels":    {"core/h5", "core/names", "core/sphere"},
	"core/objstore":     {"core/objstore", "core/objstore/internal/..."},
	"plugins":           {"core/..."},
	"plugins/all":       {"plugins/..."},
	"internal/archtest": {},
	"internal/config":   {},
	"internal/cost":     {},
	"internal/engine":   {"internal/budget", "internal/expr", "internal/job", "internal/zarr"},
	"internal/expr":     {"core/reduce"},
	"internal/fleet":    {"core/objstore", "internal/job"},
	"internal/hdfrest":  {"core/h5", "core/objstore", "internal/hdfrest"},
	"internal/job":      {},
	"internal/plan":     {"internal/job"},
	"internal/plot":     {},
	"internal/release":  {"core/...", "internal/bench", "internal/bundle"},
	"internal/shardmap": {},
	"internal/zarr":     {},
	"internal/drivers":  {"core/objstore/..."},
	"internal/store":    {"core/objstore"},
	"internal/run": {"core/filekind", "core/objstore", "host", "internal/awstest", "internal/budget", "internal/catalog/...", "internal/config", "internal/cost", "internal/drivers", "internal/fleet",
		"internal/job", "internal/plan", "internal/shardmap", "internal/store"},
	"deploy":            {},
	"examples":          {"core/...", "host/serve"},
	"host":              {"core/...", "internal/budget", "internal/config", "internal/engine", "internal/expr", "internal/job", "internal/plan", "internal/zarr"},
	"host/remote":       {"internal/wire", "proto/..."},
	"host/serve":        {"internal/wire", "proto/..."},
	"internal/awstest":  {"core/objstore/..."},
	"internal/bench":    {"core/...", "internal/cost"},
	"internal/budget":   {},
	"internal/bundle":   {},
	"internal/catalog":  {"core/...", "internal/catalog/..."},
	"internal/coverage": {"core/...", "internal/catalog/...", "internal/shardmap"},
	"internal/deploy":   {"internal/zippatch"},
	"internal/wire":     {"proto/..."},
	"internal/zippatch": {},
	"lambda":            {"core/...", "host", "internal/budget", "internal/hdfrest/...", "internal/cost", "internal/config", "internal/drivers", "internal/job", "internal/engine", "internal/zippatch", "plugins/...", "lambda/..."},
	"proto":             {},
	"test":              {"..."},

	"internal/quickdeploy": {"internal/zippatch"},
}

var testsMay = []string{"core/...", "internal/sharedtest", "internal/zarr", "internal/awstest"}

// mayInTests are further edges of test files, folder by folder.
var mayInTests = map[string][]string{
	"host":          {"..."},
	"internal/plan": {"plugins/..."},
	"internal/run":  {"plugins/..."},
}

func TestImports(t *testing.T) {
	for dir, files := range packages(t) {
		if dir == "internal/sharedtest" {
			continue
		}
		allowed := rules[longestRule(dir)]
		if longestRule(dir) == "" {
			t.Errorf("%s has no import rule: add it to rules in internal/archtest", dir)
			continue
		}
		for name, f := range files {
			for _, imp := range f.Imports {
				p, err := strconv.Unquote(imp.Path.Value)
				require.NoError(t, err)
				own, ours := strings.CutPrefix(p, module+"/")
				if !ours || own == "core" || own == dir || strings.HasPrefix(own, dir+"/internal/") || matches(allowed, own) {
					continue
				}
				if strings.HasSuffix(name, "_test.go") && (matches(testsMay, own) || matches(mayInTests[longestRule(dir)], own)) {
					continue
				}
				t.Errorf("%s/%s may not import %s", dir, name, own)
			}
		}
	}
}

// Package core is the words: standard library only.
func TestCoreImportsOnlyStd(t *testing.T) {
	for _, dir := range []string{"core", "core/names", "core/sphere", "core/reduce"} {
		for name, f := range packages(t)[dir] {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, imp := range f.Imports {
				p, _ := strconv.Unquote(imp.Path.Value)
				first, _, _ := strings.Cut(p, "/")
				if strings.Contains(first, ".") && p != module+"/core" {
					t.Errorf("%s/%s imports %s", dir, name, p)
				}
			}
		}
	}
}

// Plugins must not know each other, nor may anything outside a plugin import one except the standard bundle and mains.
func TestPluginsAreApart(t *testing.T) {
	for dir, files := range packages(t) {
		if !strings.HasPrefix(dir, "plugins/") || dir == "plugins/all" {
			continue
		}
		for name, f := range files {
			for _, imp := range f.Imports {
				p, _ := strconv.Unquote(imp.Path.Value)
				if own, ours := strings.CutPrefix(p, module+"/plugins/"); ours && plugin(own) != plugin(strings.TrimPrefix(dir, "plugins/")) {
					t.Errorf("%s/%s imports plugin %s", dir, name, own)
				}
			}
		}
	}
}

// plugin is the plugin that a folder below plugins belongs to.
func plugin(dir string) string {
	name, _, _ := strings.Cut(dir, "/")
	return name
}

func TestPackageComments(t *testing.T) {
	for dir, files := range packages(t) {
		documented, only := false, true
		for name, f := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			only = false
			documented = documented || f.Doc != nil
		}
		if !documented && !only {
			t.Errorf("%s has no package comment", dir)
		}
	}
}

func TestNoInitAndNoMutableGlobals(t *testing.T) {
	for dir, files := range packages(t) {
		for name, f := range files {
			if strings.HasSuffix(name, ".pb.go") {
				continue
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
					t.Errorf("%s/%s has an init()", dir, name)
				}
			}
			for _, imp := range f.Imports {
				if imp.Name != nil && imp.Name.Name == "_" && imp.Path.Value != `"embed"` {
					t.Errorf("%s/%s imports %s for its side effects", dir, name, imp.Path.Value)
				}
			}
		}
	}
}

func TestFileLengths(t *testing.T) {
	root := repository(t)
	for dir, files := range packages(t) {
		for name := range files {
			if strings.HasSuffix(name, ".pb.go") {
				continue
			}
			b, err := os.ReadFile(filepath.Join(root, dir, name))
			require.NoError(t, err)
			if n := strings.Count(string(b), "\n"); n > 800 {
				t.Errorf("%s/%s has %d lines: 800 is the limit", dir, name, n)
			}
		}
	}
}

// A worker is host, the standard plugins and the object stores. It must not carry the plugin protocol, a CLI or plots.
func TestWorkerLinkSet(t *testing.T) {
	deps := linkSet(t, "./cmd/zagg-worker")
	for _, bad := range []string{"github.com/hashicorp/go-plugin", "google.golang.org/grpc", "google.golang.org/protobuf",
		"github.com/spf13/cobra", "gonum.org/v1/plot", "testing", module + "/proto", module + "/host/remote", module + "/host/serve"} {
		for _, d := range deps {
			if d == bad || strings.HasPrefix(d, bad+"/") {
				t.Errorf("the worker links %s", d)
			}
		}
	}
}

// A plugin author's kit must not drag in the SDK of a cloud.
func TestKitLinkSet(t *testing.T) {
	for _, d := range linkSet(t, "./core", "./core/sphere", "./core/reduce", "./core/h5/...", "./core/objstore", "./plugins/...") {
		if strings.HasPrefix(d, "github.com/aws/") || d == "os/exec" {
			t.Errorf("core or a plugin links %s", d)
		}
	}
}

func linkSet(t *testing.T, patterns ...string) []string {
	cmd := exec.Command("go", append([]string{"list", "-deps"}, patterns...)...)
	cmd.Dir = repository(t)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return strings.Fields(string(out))
}

func longestRule(dir string) string {
	for ; dir != "." && dir != ""; dir = path.Dir(dir) {
		if _, ok := rules[dir]; ok {
			return dir
		}
	}
	return ""
}

func matches(allowed []string, own string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		prefix, tree := strings.CutSuffix(a, "...")
		return own == a || tree && strings.HasPrefix(own+"/", prefix)
	})
}

// packages parses every Go file of the module, by folder relative to the repository and file name.
func packages(t *testing.T) map[string]map[string]*ast.File {
	root := repository(t)
	found := map[string]map[string]*ast.File{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if _, e := os.Stat(filepath.Join(p, "go.mod")); p != root && (e == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(p))
		if err != nil {
			return err
		}
		dir = filepath.ToSlash(dir)
		if found[dir] == nil {
			found[dir] = map[string]*ast.File{}
		}
		found[dir][filepath.Base(p)] = f
		return nil
	})
	require.NoError(t, err)
	return found
}

func repository(t *testing.T) string {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}
