package catalog

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/englacial/zagg/core"
)

// A List is files given by address. Their footprints are unknown, which is the whole Earth.
type List struct {
	Addresses []string // paths, s3:// and https:// addresses
	namer     *Namer
}

var _ Source = (*List)(nil)

// NewList makes a source of addresses; an address given twice counts once, two files of one name are an error.
func NewList(addresses []string) (*List, error) {
	l := &List{namer: NewNamer()}
	seen := map[string]string{}
	for _, a := range addresses {
		id := FileID(a)
		if id == "." || id == "/" || strings.HasSuffix(a, "/") {
			return nil, core.Errorf(core.Invalid, "catalog", a, "this names no file")
		}
		switch before, ok := seen[id]; {
		case ok && before != a:
			return nil, core.Errorf(core.Invalid, "catalog", a, "%s is listed too, and a granule is known by its file's name; their observations could count twice", before)
		case !ok:
			seen[id] = a
			l.Addresses = append(l.Addresses, a)
		}
	}
	return l, nil
}

// maxLine is the longest address.
const maxLine = 64 << 10

// readList reads addresses, one a line; empty lines and those that begin with # are comments.
func readList(name string, r io.Reader) (*List, error) {
	var addresses []string
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		if strings.ContainsAny(line, "\x00\x01\x02\x03") {
			return nil, core.Errorf(core.Corrupt, "catalog", name, "line %d is not text; want one path or address a line", n)
		}
		addresses = append(addresses, line)
	}
	if err := lines.Err(); err != nil {
		return nil, core.Errorf(core.Corrupt, "catalog", name, "reading the list: %w", err)
	}
	return NewList(addresses)
}

// Granules gives the files in the order of the list.
func (l *List) Granules(ctx context.Context, q Query, visit func(*Entry) error) (Meta, error) {
	meta := q.Meta("files", nil)
	for _, a := range l.Addresses {
		if err := ctx.Err(); err != nil {
			return meta, err
		}
		g := &Entry{Granule: core.Granule{ID: FileID(a)}}
		g.Data.add(a)
		l.namer.Fill(g)
		if !q.InTime(g) {
			continue
		}
		meta.TotalGranules++
		if err := visit(g); err != nil {
			return meta, err
		}
	}
	return meta, nil
}
