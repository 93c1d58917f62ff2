package archtest

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// mayNameGrids are the files below cmd/zagg, host, internal and lambda that name one of the standard grids, and why.
var mayNameGrids = map[string]string{
	"internal/bundle/bundle.go":          "lists the plugins of the standard bundle",
	"internal/bundle/compile.go":         "the plugin h3 needs a C compiler",
	"internal/config/named.go":           "an example of a grid's JSON, in an error",
	"internal/config/hash.go":            "leaves out of a configuration's hash what its grid has by default, as records of earlier versions did",
	"cmd/zagg/cli/grid.go":               "examples of a grid's JSON, in help and errors",
	"cmd/zagg/cli/gridcover.go":          "examples in help",
	"internal/catalog/assign/options.go": "the cells that catalogs note of footprints are of HEALPix, as core.CellCoverer has them, whatever the run's grid",
	"internal/bench/run.go":              "the area of a shard, in the columns of the benchmark that came before",
}

// A shard key is opaque, and so is a grid: what depends on which one it is asks for an optional power of core, not for a name.
func TestNobodyKnowsGrids(t *testing.T) {
	for dir, files := range packages(t) {
		if top, _, _ := strings.Cut(dir, "/"); top != "host" && top != "internal" && top != "lambda" && !strings.HasPrefix(dir, "cmd/zagg/") {
			continue
		}
		for name, f := range files {
			if strings.HasSuffix(name, "_test.go") || mayNameGrids[dir+"/"+name] != "" {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					text, err := strconv.Unquote(l.Value)
					if err == nil && (text == "healpix" || text == "h3" || text == "rectilinear" || strings.Contains(text, `"type":"healpix"`)) {
						t.Errorf("%s/%s names the grid %s", dir, name, text)
					}
				}
				return true
			})
		}
	}
}
