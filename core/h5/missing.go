package h5

// Errors of paths that lead nowhere: they say what is there instead.

import (
	"context"
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/spelling"
)

// mostNames is how many names of a group an error lists.
const mostNames = 12

// Missing is the error (NotFound) of a path that leads nowhere, with its Hint.
func (f *File) Missing(ctx context.Context, path string) error {
	return core.Errorf(core.NotFound, "", f.url+" "+path, "no such object%s", f.Hint(ctx, path))
}

// Hint says more of a path that leads nowhere, to be put behind what says so: the last group on the way that exists,
// what it holds, and the name that was perhaps meant. It is empty where that cannot be read.
func (f *File) Hint(ctx context.Context, path string) string {
	at := "/"
	parts := split(path)
	for i, part := range parts {
		g, err := f.Group(ctx, at)
		if err != nil {
			return ""
		}
		links, err := g.Links(ctx)
		if err != nil {
			return ""
		}
		names := make([]string, len(links))
		there := false
		for k, l := range links {
			names[k] = l.Name
			there = there || l.Name == part
		}
		next := strings.TrimSuffix(at, "/") + "/" + part
		if !there {
			return ": " + has(at, names, nearest(part, names))
		}
		if o, err := f.Object(ctx, next); err != nil {
			return ": the link " + next + " leads nowhere"
		} else if _, err := o.Group(); err != nil && i < len(parts)-1 {
			return ": " + next + " is not a group"
		}
		at = next
	}
	return ""
}

// has says what a group holds.
func has(group string, names []string, near string) string {
	list := strings.Join(names[:min(len(names), mostNames)], ", ")
	if more := len(names) - mostNames; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	switch {
	case len(names) == 0:
		return group + " is empty"
	case near != "":
		return fmt.Sprintf("did you mean %s? %s has %s", near, group, list)
	}
	return group + " has " + list
}

// nearest is the name that resembles one most, if at most half of it differs.
func nearest(name string, names []string) string {
	best, at := "", 0
	for _, n := range names {
		if d := spelling.Distance(name, n); 2*d <= len(n) && (best == "" || d < at) {
			best, at = n, d
		}
	}
	return best
}
