package bench

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Closure is what a function is made from: a change of anything in it needs a deployment before it can be measured.
type Closure struct {
	files []string // all files that are compiled or embedded
}

// closureRoots are compiled into no package but decide what is deployed.
var closureRoots = []string{"go.mod", "go.sum"}

// deployDir holds the templates that functions are made with.
const deployDir = "deploy/"

// NewClosure asks the go command what the package main is made from, in the repository at dir.
func NewClosure(ctx context.Context, dir, main string) (*Closure, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=Dir,Standard,Module,GoFiles,CgoFiles,CFiles,HFiles,SFiles,EmbedFiles", main)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=1")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, core.Errorf(core.Invalid, "list what the function is made from", main, "%s", strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, core.Errorf(core.Unavailable, "list what the function is made from", main, "%w", err)
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, core.Errorf(core.Internal, "list what the function is made from", dir, "%w", err)
	}
	if resolved, err := filepath.EvalSymlinks(root); err == nil {
		root = resolved
	}
	c := &Closure{files: slices.Clone(closureRoots)}
	packages := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			Dir                                                   string
			Standard                                              bool
			Module                                                *struct{ Main bool }
			GoFiles, CgoFiles, CFiles, HFiles, SFiles, EmbedFiles []string
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, core.Errorf(core.Corrupt, "list what the function is made from", main, "%w", err)
		}
		if p.Standard || p.Module == nil || !p.Module.Main {
			continue
		}
		rel, err := filepath.Rel(root, p.Dir)
		if err != nil {
			return nil, core.Errorf(core.Internal, "list what the function is made from", p.Dir, "%w", err)
		}
		for _, files := range [][]string{p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.EmbedFiles} {
			for _, f := range files {
				c.files = append(c.files, path.Join(filepath.ToSlash(rel), filepath.ToSlash(f)))
			}
		}
	}
	slices.Sort(c.files)
	return c, nil
}

// Touched gives the changed files, as paths from the repository's root, that the function depends on. A Go file that the
// closure does not know but that lies in a folder of its packages counts: it may have been deleted or is for another platform.
func (c *Closure) Touched(changed []string) []string {
	folders := map[string]bool{}
	for _, f := range c.files {
		if strings.HasSuffix(f, ".go") {
			folders[path.Dir(f)] = true
		}
	}
	var touched []string
	for _, f := range changed {
		_, known := slices.BinarySearch(c.files, f)
		source := folders[path.Dir(f)] && strings.HasSuffix(f, ".go") && !strings.HasSuffix(f, "_test.go")
		deploys := strings.HasPrefix(f, deployDir) && !strings.HasSuffix(f, "_test.go") && !strings.HasSuffix(f, ".md")
		if known || source || deploys {
			touched = append(touched, f)
		}
	}
	return touched
}

// ChangedFiles gives the files that differ between the point where head left base, and head.
func ChangedFiles(ctx context.Context, dir, base, head string) ([]string, error) {
	for _, rev := range []string{base, head} {
		if rev == "" || strings.HasPrefix(rev, "-") {
			return nil, core.Errorf(core.Invalid, "list changed files", rev, "a revision is expected")
		}
	}
	cmd := exec.CommandContext(ctx, "git", "diff", "--name-only", "-z", base+"..."+head)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return nil, core.Errorf(core.Invalid, "list changed files", base+"..."+head, "%s", strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, core.Errorf(core.Unavailable, "list changed files", dir, "%w", err)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\x00"), func(f string) bool { return f == "" }), nil
}
