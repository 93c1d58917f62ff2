// Command licences lists the modules that zagg's programs are built from, with their licences, as the page docs/licences.md or as a
// CycloneDX bill of materials.
//
//	go -C test/tools run ./licences > docs/licences.md       from the repository's root
//	go -C test/tools run ./licences -sbom > zagg.cdx.json
//
// It asks the go command which modules the packages under cmd need, and reads the licence in each module as it was downloaded. A
// module without a licence that is known is an error.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// A module is one that is linked.
type module struct {
	Path, Version, Dir, Sum string
	licence                 string // SPDX expression
}

func main() {
	sbom := flag.Bool("sbom", false, "write CycloneDX JSON instead of Markdown")
	flag.Parse()
	if err := run(os.Stdout, *sbom); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, sbom bool) error {
	modules, err := linked(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	for i := range modules {
		if modules[i].licence = stated()[modules[i].Path]; modules[i].licence != "" {
			continue
		}
		if modules[i].licence, err = licenceOf(modules[i].Dir); err != nil {
			return fmt.Errorf("%s %s: %w", modules[i].Path, modules[i].Version, err)
		}
	}
	if sbom {
		return writeSBOM(w, modules)
	}
	return writePage(w, modules)
}

// linked are the modules of the packages that the programs need, by path.
func linked(root string) ([]module, error) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}\t{{.Sum}}{{end}}{{end}}", "./cmd/...")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	seen := map[string]bool{}
	var all []module
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(f) == 4 && !seen[f[0]] {
			seen[f[0]] = true
			all = append(all, module{Path: f[0], Version: f[1], Dir: f[2], Sum: f[3]})
		}
	}
	slices.SortFunc(all, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// stated are the licences of modules that say them in a sentence: freetype is under either of two that lie in its folder licenses.
func stated() map[string]string {
	return map[string]string{"github.com/golang/freetype": "FTL OR GPL-2.0-or-later"}
}

// least is how much of a licence file must be that licence, in percent.
const least = 75

// licenceOf reads the licence files of a folder.
func licenceOf(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var found []string
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !strings.Contains(name, "LICEN") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		cover := licensecheck.Scan(text)
		for _, m := range cover.Match {
			if cover.Percent >= least && !m.IsURL && !slices.Contains(found, m.ID) {
				found = append(found, m.ID)
			}
		}
	}
	if found == nil {
		return "", fmt.Errorf("no licence that is known in %s", filepath.Base(dir))
	}
	slices.Sort(found)
	return strings.Join(found, " AND "), nil
}

func writePage(w io.Writer, modules []module) error {
	var b bytes.Buffer
	b.WriteString(`# Licences of what zagg is built from

The modules that are linked into the programs under ` + "`cmd`" + `, with the licences found in them. Written by ` + "`go -C test/tools run ./licences`" + `; with
` + "`-sbom`" + ` it writes a CycloneDX bill of materials. zagg's own licence has not been chosen by its owners yet.

| module | version | licence |
|---|---|---|
`)
	for _, m := range modules {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", m.Path, m.Version, m.licence)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// writeSBOM writes CycloneDX 1.6 (ECMA-424).
func writeSBOM(w io.Writer, modules []module) error {
	type property struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	type expression struct {
		Expression string `json:"expression"`
	}
	type component struct {
		Type       string       `json:"type"`
		Name       string       `json:"name"`
		Version    string       `json:"version,omitempty"`
		PURL       string       `json:"purl"`
		Licences   []expression `json:"licenses"`
		Properties []property   `json:"properties,omitempty"`
	}
	doc := struct {
		Format     string      `json:"bomFormat"`
		Spec       string      `json:"specVersion"`
		Version    int         `json:"version"`
		Components []component `json:"components"`
	}{"CycloneDX", "1.6", 1, nil}
	for _, m := range modules {
		doc.Components = append(doc.Components, component{"library", m.Path, m.Version, "pkg:golang/" + m.Path + "@" + m.Version,
			[]expression{{m.licence}}, []property{{"go.sum", m.Sum}}})
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(doc)
}
