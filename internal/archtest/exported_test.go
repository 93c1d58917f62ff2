package archtest

import (
	"go/ast"
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

// An exported type is named by another package, or stands in what its own package exports: in a signature, a field or another type.
func TestTypesThatNobodyNames(t *testing.T) {
	all := packages(t)
	used := usedNames(all)
	for dir, files := range all {
		if !strings.HasPrefix(dir, "internal/") {
			continue
		}
		shown := shownTypes(files)
		for name, f := range files {
			for _, d := range f.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || strings.HasSuffix(name, "_test.go") {
					continue
				}
				for _, s := range g.Specs {
					if ty, ok := s.(*ast.TypeSpec); ok && ty.Name.IsExported() && !used[dir+"."+ty.Name.Name] && !shown[ty.Name.Name] {
						t.Errorf("%s/%s: type %s is exported, and neither another package nor anything that is exported names it", dir, name, ty.Name.Name)
					}
				}
			}
		}
	}
}

// shownTypes are the names in what a package exports, outside of the declaration of each and of its own methods' receivers.
func shownTypes(files map[string]*ast.File) map[string]bool {
	shown := map[string]bool{}
	note := func(n ast.Node, but string) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name != but {
				shown[id.Name] = true
			}
			return true
		})
	}
	for name, f := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if of := receiver(d); d.Name.IsExported() && (d.Recv == nil || ast.IsExported(of)) {
					note(d.Type, of)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					noteSpec(s, note)
				}
			}
		}
	}
	return shown
}

// receiver is the name of a method's type; "" of a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return name
}

// noteSpec notes the types of what a declaration exports: of a struct the fields.
func noteSpec(s ast.Spec, note func(n ast.Node, but string)) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		fields, isStruct := s.Type.(*ast.StructType)
		switch {
		case !s.Name.IsExported():
		case !isStruct:
			note(s.Type, s.Name.Name)
		default:
			for _, f := range fields.Fields.List {
				if len(f.Names) == 0 || slices.ContainsFunc(f.Names, (*ast.Ident).IsExported) {
					note(f.Type, s.Name.Name)
				}
			}
		}
	case *ast.ValueSpec:
		if s.Type != nil && slices.ContainsFunc(s.Names, (*ast.Ident).IsExported) {
			note(s.Type, "")
		}
	}
}
