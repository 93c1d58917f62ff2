// Package skeleton creates new plugins that compile and fulfil their contract, as a starting point. test/skeletons builds and verifies
// each of them.
package skeleton

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"text/template"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
)

//go:embed templates
var templates embed.FS

// A Skeleton is what the templates are filled with.
type Skeleton struct {
	Kind string // "grid", "reader", "statistic"
	Name string // lower-case letters and digits, because packages have it too
	Lang string // "go", "python"
	// Module is the path of the Go module; "": example.org/NAME. Given, the folder may be moved: a checkout of zagg that it is built with
	// is named by its whole path.
	Module string
	Zagg   string // folder of zagg's source to build with; "": the checkout around the working folder, else the release of this program

	Class               string
	Go, Version, Source string // of go.mod; Source "" where zagg is a released version
	SDK                 string // what pip installs
	VerifyFlags, Usage  string
}

// Check says what of kind, name, language and module is not as a skeleton needs it; "": nothing.
func (s *Skeleton) Check() string {
	switch {
	case !slices.Contains([]string{"grid", "reader", "statistic"}, s.Kind):
		return fmt.Sprintf("a plugin brings a grid, reader or statistic, not a %q", s.Kind)
	case s.Lang != "go" && s.Lang != "python":
		return fmt.Sprintf("--lang is %q; have go, python", s.Lang)
	case s.Module != "" && (s.Lang != "go" || !regexp.MustCompile(`^[A-Za-z0-9.-]+(/[A-Za-z0-9._~-]+)*$`).MatchString(s.Module)):
		return fmt.Sprintf("--module is %q; want the path of a Go module, such as github.com/me/%s", s.Module, s.Name)
	case !regexp.MustCompile(`^[a-z][a-z0-9]{0,30}$`).MatchString(s.Name):
		return fmt.Sprintf("the name %q must be lower-case letters and digits, because packages have it too", s.Name)
	}
	return ""
}

// fill takes zagg from the checkout around the working folder, if there is one, else from its release.
func (s *Skeleton) fill(version, dir string) {
	s.Class = strings.ToUpper(s.Name[:1]) + s.Name[1:]
	s.Go, s.Version, s.SDK = bundle.GoVersion(), "v"+version, "zagg-plugin=="+version
	moved := s.Module != ""
	s.Module = cmp.Or(s.Module, "example.org/"+s.Name)
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == bundle.Module && strings.HasPrefix(info.Main.Version, "v") {
		s.Version, _, _ = strings.Cut(info.Main.Version, "+") // a build of a commit, which has no other name
	}
	if s.Zagg != "" {
		s.Source = absolute(s.Zagg)
		s.SDK = filepath.Join(s.Source, "sdk", "python")
	} else if out, err := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output(); err == nil {
		if name, source, _ := strings.Cut(strings.TrimSpace(string(out)), " "); name == bundle.Module {
			s.Source, s.SDK = source, filepath.Join(source, "sdk", "python")
			if abs, err := filepath.Abs(dir); err == nil && !moved {
				if rel, err := filepath.Rel(abs, source); err == nil && strings.HasPrefix(rel, "..") {
					s.Source, s.SDK = rel, filepath.Join(rel, "sdk", "python")
				}
			}
		}
	}
	switch s.Kind {
	case "grid":
		s.Usage = "output:\n  grid: {type: " + s.Name + ", degrees: 1}\n"
	case "reader":
		s.Usage = "data_source:\n  reader: " + s.Name + "\naggregation:\n  variables:\n    mean: {function: mean, source: value}\n"
		s.VerifyFlags = "--prefix --granule sample.csv "
	case "statistic":
		s.Usage = "aggregation:\n  variables:\n    h_" + s.Name + ": {function: " + s.Name + ", source: h_li, params: {factor: 2}}\n"
	}
}

func absolute(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

// Write makes the files in a folder that is not there or is empty, and gives their names below it.
func (s *Skeleton) Write(version, dir string) ([]string, error) {
	s.fill(version, dir)
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, core.Errorf(core.Invalid, "plugins new", dir, "the folder is not empty")
	}
	files := map[string]string{"README.md": "python/README.md", s.Name + ".py": "python/" + s.Kind + ".py"}
	if s.Lang == "go" {
		files = map[string]string{
			"README.md": "go/README.md", "go.mod": "go/go.mod", s.Name + ".go": "go/" + s.Kind + ".go", s.Name + "_test.go": "go/" + s.Kind + "_test.go",
			"cmd/zagg-plugin-" + s.Name + "/main.go": "go/main.go",
		}
	}
	var names []string
	for name, source := range files {
		t, err := template.ParseFS(templates, "templates/"+source+".tmpl")
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := t.Execute(&text, s); err != nil {
			return nil, err
		}
		if err := writeNew(filepath.Join(dir, name), text.Bytes()); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if s.Kind == "reader" {
		if err := writeNew(filepath.Join(dir, "sample.csv"), sampleCSV()); err != nil {
			return nil, err
		}
		names = append(names, "sample.csv")
	}
	slices.Sort(names)
	return names, nil
}

func writeNew(name string, data []byte) error {
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, data, 0o644)
	}
	if err != nil {
		return core.Errorf(core.Internal, "plugins new", name, "%w", err)
	}
	return nil
}

// sampleCSV is a track of points for the skeleton of a reader.
func sampleCSV() []byte {
	var b bytes.Buffer
	for i := range 400 {
		t := float64(i) / 400
		fmt.Fprintf(&b, "%.4f,%.4f,%.3f\n", -40+20*t+2*math.Sin(9*t), 60+20*t, 100*math.Sin(20*t))
	}
	return b.Bytes()
}
