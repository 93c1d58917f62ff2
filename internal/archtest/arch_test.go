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
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/englacial/zagg"

// rules says which of our packages a folder may import beside core itself. A folder is ruled by its longest prefix here.
// "x/..." allows x and all below it; its own internal folders are open to every package. Test files may also import what testsMay lists.
var rules = map[string][]string{
	"bench":                 {"..."},
	"cmd":                   {"..."},
	"core":                  {},
	"core/coretest":         {"core/..."},
	"core/plugintest":       {},
	"core/names":            {},
	"core/morton":           {},
	"core/toc":              {},
	"core/gridkit":          {"core/spelling"},
	"core/sphere":           {},
	"core/reduce":           {},
	"core/proj":             {"core/sphere"},
	"core/filekind":         {},
	"core/h5":               {"core/filekind", "core/h5/internal/...", "core/spelling"},
	"core/h5/internal":      {"core/filekind", "core/h5/internal/..."},
	"core/h5/cf":            {"core/h5"},
	"core/h5/levels":        {"core/h5", "core/h5/cf", "core/names", "core/sidecar", "core/sphere"},
	"core/sidecar":          {},
	"core/objstore":         {"core/objstore", "core/objstore/internal/..."},
	"plugins":               {"core/..."},
	"plugins/all":           {"plugins/..."},
	"internal/archtest":     {},
	"internal/windows":      {},
	"internal/config":       {"core/spelling", "core/toc", "internal/windows"},
	"internal/cost":         {},
	"internal/cells":        {"core/sidecar"},
	"internal/engine":       {"core/reduce", "core/sidecar", "core/toc", "internal/budget", "internal/cells", "internal/expr", "internal/job", "internal/selection", "internal/zarr"},
	"internal/expr":         {"core/reduce", "core/spelling"},
	"internal/dispatch":     {},
	"internal/simulate":     {"internal/cost", "internal/dispatch"},
	"internal/fleet":        {"core/objstore", "internal/cost", "internal/dispatch", "internal/job", "internal/secret", "internal/store"},
	"internal/hdfclient":    {"core/...", "internal/h5dump", "internal/hdfrest/..."},
	"internal/hdfrest":      {"core/h5", "core/objstore", "internal/hdfrest/..."},
	"internal/job":          {"internal/secret", "internal/windows"},
	"internal/plan":         {"internal/job", "internal/windows"},
	"internal/plugindigest": {},
	"internal/printed":      {},
	"internal/plot":         {"core/sphere", "internal/plot/coast"},
	"internal/plot/coast":   {},
	"internal/release":      {"core/...", "internal/bench", "internal/bundle"},
	"internal/shardmap":     {"internal/catalog"},
	"internal/zarr":         {},
	"internal/drivers":      {"core/objstore/..."},
	"internal/store":        {"core/objstore", "internal/config", "internal/job", "internal/plan", "internal/windows", "internal/zarr"},
	"internal/run": {"core/filekind", "core/objstore", "host", "internal/budget", "internal/catalog/...", "internal/config", "internal/cost", "internal/dispatch", "internal/drivers", "internal/emulator", "internal/fleet",
		"internal/job", "internal/plan", "internal/quantity", "internal/secret", "internal/shardmap", "internal/store", "internal/windows"},
	"internal/h5dump":          {"core/h5"},
	"internal/secret":          {},
	"deploy":                   {},
	"examples":                 {"core/...", "host/serve"},
	"host":                     {"core/...", "internal/budget", "internal/cells", "internal/config", "internal/engine", "internal/expr", "internal/job", "internal/plan", "internal/plugindigest", "internal/selection", "internal/store", "internal/windows", "internal/zarr"},
	"internal/selection":       {"core/reduce", "core/sphere", "core/toc", "internal/catalog/geometry", "internal/config", "internal/windows"},
	"host/remote":              {"core/gridkit", "internal/plugindigest", "internal/wire", "proto/..."},
	"host/serve":               {"core/gridkit", "internal/wire", "proto/..."},
	"internal/awstest":         {"core/objstore/...", "internal/emulator"},
	"internal/emulator":        {},
	"internal/bench":           {"core/...", "internal/cost", "internal/run", "internal/shardmap"},
	"internal/budget":          {},
	"internal/bundle":          {"internal/quantity"},
	"internal/catalog":         {"core/...", "internal/catalog/...", "internal/secret"},
	"internal/shardmap/build":  {"core/...", "internal/catalog/...", "internal/shardmap"},
	"internal/deploy":          {"deploy", "internal/bundle", "internal/cost", "internal/zippatch"},
	"internal/export":          {"core/reduce", "internal/catalog/geometry", "internal/zarr"},
	"internal/wire":            {"proto/..."},
	"internal/zippatch":        {},
	"internal/places":          {"internal/catalog/geometry"},
	"internal/plugins":         {"core/...", "host", "host/remote", "internal/config", "internal/drivers", "internal/job", "internal/plugindigest", "internal/pluginlock", "internal/quantity", "internal/run"},
	"internal/pluginlock":      {"internal/job"},
	"internal/skeleton":        {"internal/bundle"},
	"internal/area":            {"core/objstore", "core/sphere", "internal/catalog/geometry", "internal/drivers"},
	"internal/catalog/sources": {"core/...", "internal/catalog/...", "internal/drivers", "internal/run"},
	"internal/catalog/assign":  {"core", "internal/area", "internal/catalog/...", "internal/drivers", "internal/job", "internal/quantity", "internal/run", "internal/shardmap/..."},
	"internal/screen":          {"internal/printed", "internal/quantity", "internal/run"},
	"internal/stored":          {"core/...", "internal/config", "internal/cost", "internal/drivers", "internal/export", "internal/job", "internal/plan", "internal/plot", "internal/quantity", "internal/store", "internal/windows", "internal/zarr", "plugins/tdigest"},
	"lambda":                   {"core/...", "host", "internal/budget", "internal/hdfrest/...", "internal/cost", "internal/config", "internal/drivers", "internal/job", "internal/engine", "internal/plan", "internal/printed", "internal/quantity", "internal/secret", "internal/store", "internal/zippatch", "plugins/...", "lambda/..."},
	"proto":                    {},
	"test":                     {"..."},

	"internal/quantity":    {},
	"internal/quickdeploy": {"internal/bundle", "internal/deploy", "internal/quantity", "internal/zippatch"},
	"internal/draft":       {"core/h5", "core/h5/cf", "core/names", "internal/config"},
	"internal/coarsen":     {"host", "internal/config", "internal/engine", "internal/job", "internal/plan", "internal/quantity", "internal/store", "internal/stored", "internal/zarr"},

	"core/spelling": {},

	"internal/predict": {"internal/cost", "internal/quantity", "internal/run", "internal/shardmap", "internal/simulate", "internal/stored"},

	"internal/view": {"core/...", "internal/job", "internal/plot", "internal/plot/coast", "internal/store", "internal/stored", "internal/zarr"},

	"internal/shardmap/mapview": {"core/...", "internal/catalog/...", "internal/config", "internal/cost", "internal/drivers", "internal/plot", "internal/quantity", "internal/run", "internal/shardmap/..."},
}

var testsMay = []string{"core/...", "internal/sharedtest", "internal/zarr", "internal/awstest", "internal/emulator"}

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

// What needs Python or an S3 server, to begin with, is compiled with the tag suites alone: `go test ./...` links none of it.
func TestSuitesHaveTheTag(t *testing.T) {
	for dir, files := range packages(t) {
		if !strings.HasPrefix(dir, "test/") {
			continue
		}
		for name, f := range files {
			if needsPrograms(f) && !tagged(f) {
				t.Errorf("%s/%s reads ZAGG_PYTHON or ZAGG_VERSITYGW: its first line is to be //go:build suites", dir, name)
			}
		}
	}
}

func needsPrograms(f *ast.File) bool {
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok && (text.Value == `"ZAGG_PYTHON"` || text.Value == `"ZAGG_VERSITYGW"`) {
			found = true
		}
		return !found
	})
	return found
}

func tagged(f *ast.File) bool {
	for _, group := range f.Comments {
		if group.Pos() > f.Package {
			break
		}
		for _, c := range group.List {
			if expr, ok := strings.CutPrefix(c.Text, "//go:build "); ok && strings.Contains(expr, "suites") {
				return true
			}
		}
	}
	return false
}

// Package core is the words: standard library only.
func TestCoreImportsOnlyStd(t *testing.T) {
	for _, dir := range []string{"core", "core/morton", "core/names", "core/sphere", "core/reduce", "core/toc", "core/proj"} {
		for name, f := range packages(t)[dir] {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, imp := range f.Imports {
				p, _ := strconv.Unquote(imp.Path.Value)
				first, _, _ := strings.Cut(p, "/")
				if strings.Contains(first, ".") && p != module+"/core" && p != module+"/core/sphere" {
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

func TestNothingHappensBeforeMain(t *testing.T) {
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

// Tables and errors are globals that nothing assigns to after they are made. Exported ones anybody could assign to: only errors
// may be that.
func TestNoMutableGlobals(t *testing.T) {
	for dir, files := range packages(t) {
		made := map[string]bool{}
		for name, f := range files {
			if !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".pb.go") {
				globals(f, made)
			}
		}
		for name := range made {
			if ast.IsExported(name) && !strings.HasPrefix(name, "Err") {
				t.Errorf("%s has the exported global %s", dir, name)
			}
		}
		for name, f := range files {
			for _, v := range assigned(f, made) {
				if !strings.HasSuffix(name, "_test.go") {
					t.Errorf("%s/%s changes the global %s", dir, name, v)
				}
			}
		}
	}
}

// globals adds the names of a file's package variables.
func globals(f *ast.File, to map[string]bool) {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, spec := range g.Specs {
				for _, n := range spec.(*ast.ValueSpec).Names {
					if n.Name != "_" {
						to[n.Name] = true
					}
				}
			}
		}
	}
}

// assigned are the names among globals that functions of a file assign to, as a whole or in part. A
// local variable of the same name hides the global in the function that declares it.
func assigned(f *ast.File, globals map[string]bool) []string {
	var names []string
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		hidden := locals(fn)
		note := func(e ast.Expr) {
			if name := root(e); globals[name] && !hidden[name] {
				names = append(names, name)
			}
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, e := range n.Lhs {
						note(e)
					}
				}
			case *ast.IncDecStmt:
				note(n.X)
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "delete" || id.Name == "clear") {
					note(n.Args[0])
				}
			}
			return true
		})
	}
	return names
}

// locals are the names that a function declares: receiver, parameters, results and variables.
func locals(fn *ast.FuncDecl) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names[id.Name] = true
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					names[root(e)] = true
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				for _, e := range []ast.Expr{n.Key, n.Value} {
					if e != nil {
						names[root(e)] = true
					}
				}
			}
		}
		return true
	})
	return names
}

// root is the name that an expression starts from: a of a.b[3]; "" if it is none.
func root(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return ""
		}
	}
}

// Where things lie in a store and beside it is known to internal/store alone. A command's help may show an address.
func TestOneAddressBook(t *testing.T) {
	for dir, files := range packages(t) {
		if dir == "internal/store" || strings.HasPrefix(dir, "cmd/") || strings.HasPrefix(dir, "test/") || strings.HasPrefix(dir, "bench") {
			continue
		}
		for name, f := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, ".status") {
					t.Errorf("%s/%s spells an address beside a store: %s; ask store.Layout", dir, name, lit.Value)
				}
				return true
			})
		}
	}
}

// What an error is of, and with what it is wrapped, is asked and said by core.Is and core.Wrap.
func TestErrorsAreAskedAndWrappedInOneWay(t *testing.T) {
	isCall := func(n ast.Node, name string) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return false
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || f.Sel.Name != name {
			return false
		}
		x, ok := f.X.(*ast.Ident)
		return ok && x.Name == "core"
	}
	for dir, files := range packages(t) {
		for name, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				switch e := n.(type) {
				case *ast.CallExpr:
					if isCall(e, "Errorf") && isCall(e.Args[0], "CodeOf") {
						t.Errorf("%s/%s: core.Errorf(core.CodeOf(err), …): use core.Wrap or core.Wrapf", dir, name)
					}
				case *ast.BinaryExpr:
					if (e.Op == token.EQL || e.Op == token.NEQ) && (isCall(e.X, "CodeOf") || isCall(e.Y, "CodeOf")) {
						t.Errorf("%s/%s: core.CodeOf(err) == …: use core.Is", dir, name)
					}
				}
				return true
			})
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

// What is for tests alone is in no program that is shipped. (go-plugin has its own test helpers beside the rest, so that what
// is linked has testing through it.)
func TestProgramsLinkNoTests(t *testing.T) {
	files := packages(t)
	for _, d := range linkSet(t, "./cmd/...") {
		if d == module+"/internal/awstest" || strings.HasPrefix(d, "github.com/johannesboyne/gofakes3") || strings.HasPrefix(d, "github.com/stretchr/testify") {
			t.Errorf("a program links %s", d)
		}
		for name, f := range files[strings.TrimPrefix(d, module+"/")] {
			if !strings.HasSuffix(name, "_test.go") && slices.ContainsFunc(f.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` }) {
				t.Errorf("a program links %s, whose %s imports testing", d, name)
			}
		}
	}
}

// Who does not use S3 or catalogs does not pay for them: a plugin in a process of its own has neither, the worker no catalogs, but the
// reading of areas, which is geometry alone.
func TestPluginLinkSet(t *testing.T) {
	for _, d := range linkSet(t, "./host/serve", "./cmd/zagg-plugin-healpix", "./cmd/zagg-plugin-atl06", "./cmd/zagg-plugin-stats") {
		if strings.HasPrefix(d, "github.com/aws/") || strings.HasPrefix(d, module+"/internal/catalog") || d == module+"/host" || d == module+"/internal/config" {
			t.Errorf("a plugin links %s", d)
		}
	}
	for _, d := range linkSet(t, "./cmd/zagg-worker") {
		if strings.HasPrefix(d, module+"/internal/catalog") && d != module+"/internal/catalog/geometry" || strings.HasPrefix(d, module+"/internal/run") {
			t.Errorf("the worker links %s", d)
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
	found, err := parsed()
	require.NoError(t, err)
	return found
}

// parsed does it once for all tests.
var parsed = sync.OnceValues(func() (map[string]map[string]*ast.File, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	found := map[string]map[string]*ast.File{}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
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
	return found, err
})

func repository(t *testing.T) string {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}
