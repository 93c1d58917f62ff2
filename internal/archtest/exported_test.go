package archtest

import (
	"go/ast"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What a package below internal or lambda exports, another package or a test outside of it uses. Types are left out: an exported
// function may give one that nobody has to name.
func TestExportedNamesAreUsedElsewhere(t *testing.T) {
	used := usedNames(packages(t))
	for dir, files := range packages(t) {
		if !strings.HasPrefix(dir, "internal/") && !strings.HasPrefix(dir, "lambda/") || dir == "internal/sharedtest" {
			continue
		}
		for name := range exportedNames(files) {
			if !used[dir+"."+name] {
				t.Errorf("%s.%s is used in its own package alone", dir, name)
			}
		}
	}
}

// exportedNames are the functions, variables and constants that files declare at their top for others.
func exportedNames(files map[string]*ast.File) map[string]bool {
	names := map[string]bool{}
	for name, f := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					names[d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && !typed(v) {
						for _, n := range v.Names {
							if n.IsExported() {
								names[n.Name] = true
							}
						}
					}
				}
			}
		}
	}
	return names
}

// typed reports a constant of an enumeration: its type is used, though not each of its values.
func typed(v *ast.ValueSpec) bool {
	name, ok := v.Type.(*ast.Ident)
	return ok && name.IsExported() || v.Type == nil && len(v.Values) == 0
}

// usedNames are "folder.Name" of what files of other folders take from it.
func usedNames(all map[string]map[string]*ast.File) map[string]bool {
	used := map[string]bool{}
	for dir, files := range all {
		for _, f := range files {
			imports := map[string]string{}
			for _, imp := range f.Imports {
				p, err := strconv.Unquote(imp.Path.Value)
				own, ours := strings.CutPrefix(p, module+"/")
				if err != nil || !ours || own == dir && !strings.HasSuffix(f.Name.Name, "_test") {
					continue
				}
				name := own[strings.LastIndex(own, "/")+1:]
				if imp.Name != nil {
					name = imp.Name.Name
				}
				imports[name] = own
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && imports[x.Name] != "" {
						used[imports[x.Name]+"."+s.Sel.Name] = true
					}
				}
				return true
			})
		}
	}
	return used
}

// The exported types that no other package names, for the log of -v.
func TestTypesThatNobodyNames(t *testing.T) {
	used := usedNames(packages(t))
	found := map[string]bool{}
	for dir, files := range packages(t) {
		if !strings.HasPrefix(dir, "internal/") {
			continue
		}
		for name, f := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					for _, s := range g.Specs {
						if ty, ok := s.(*ast.TypeSpec); ok && ty.Name.IsExported() && !used[dir+"."+ty.Name.Name] {
							found[dir+"."+ty.Name.Name] = true
						}
					}
				}
			}
		}
	}
	t.Logf("%d: %v", len(found), slices.Sorted(maps.Keys(found)))
}
