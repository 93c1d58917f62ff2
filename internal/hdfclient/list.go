package hdfclient

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/englacial/zagg/internal/h5dump"
)

// ListOptions say what a listing has.
type ListOptions struct {
	Recursive  bool // go into groups
	Attributes bool // with attributes and their values
}

// List prints the objects of the domain below path, or the domains of a folder, one a line.
func (c *Client) List(ctx context.Context, out io.Writer, path string, o ListOptions) error {
	l := &lister{ListOptions: o, ctx: ctx, client: c, seen: map[string]bool{}, out: tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)}
	return l.list(path)
}

// A lister prints objects.
type lister struct {
	ListOptions
	ctx    context.Context
	client *Client
	seen   map[string]bool
	out    *tabwriter.Writer
}

func (l *lister) list(path string) error {
	var about struct{ Class, Root string }
	if err := l.client.object(l.ctx, "/", nil, &about); err != nil {
		return err
	}
	if about.Class == "folder" || about.Root == "" {
		return l.folder()
	}
	o, err := l.object(path)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(o.ID, "g-") {
		l.print(path, o)
		return l.out.Flush()
	}
	l.showAttributes(o, "")
	if err := l.group(o.ID, strings.TrimRight(path, "/")); err != nil {
		return err
	}
	return l.out.Flush()
}

func (l *lister) object(path string) (*object, error) {
	var o object
	params := map[string]string{"h5path": path}
	if l.Attributes {
		params["include_attrs"] = "1"
	}
	return &o, l.client.object(l.ctx, "/", params, &o)
}

// group prints what is in a group.
func (l *lister) group(id, path string) error {
	if l.seen[id] {
		return nil
	}
	l.seen[id] = true
	var answer struct {
		Links []struct{ Class, Title, ID, H5path, H5domain string }
	}
	if err := l.client.object(l.ctx, "/groups/"+id+"/links", nil, &answer); err != nil {
		return err
	}
	for _, k := range answer.Links {
		at := path + "/" + k.Title
		switch k.Class {
		case "H5L_TYPE_SOFT":
			fmt.Fprintf(l.out, "%s\t-> %s\n", at, k.H5path)
			continue
		case "H5L_TYPE_EXTERNAL":
			fmt.Fprintf(l.out, "%s\t-> %s in %s\n", at, k.H5path, k.H5domain)
			continue
		case "H5L_TYPE_HARD":
		default:
			fmt.Fprintf(l.out, "%s\t%s\n", at, k.Class)
			continue
		}
		if err := l.entry(k.ID, at); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) entry(id, at string) error {
	collection := map[byte]string{'g': "groups", 'd': "datasets", 't': "datatypes"}[id[0]]
	params := map[string]string{}
	if l.Attributes {
		params["include_attrs"] = "1"
	}
	var o object
	if err := l.client.object(l.ctx, "/"+collection+"/"+id, params, &o); err != nil {
		return err
	}
	l.print(at, &o)
	if l.Recursive && collection == "groups" {
		return l.group(id, at)
	}
	return nil
}

func (l *lister) print(at string, o *object) {
	switch o.ID[0] {
	case 'g':
		fmt.Fprintf(l.out, "%s/\t%d links\n", at, o.LinkCount)
	case 't':
		fmt.Fprintf(l.out, "%s\ttype %s\n", at, typeName(o.Type))
	default:
		stored := strings.ToLower(strings.TrimPrefix(o.Properties.Layout.Class, "H5D_"))
		if len(o.Properties.Layout.Dims) > 0 {
			stored = shape{Dims: o.Properties.Layout.Dims}.String()
		}
		for _, f := range o.Properties.Filters {
			stored += " " + f.Name
		}
		fmt.Fprintf(l.out, "%s\t%s\t%s\t%s\n", at, o.Shape, typeName(o.Type), stored)
	}
	l.showAttributes(o, at)
}

func (l *lister) showAttributes(o *object, at string) {
	names := []string{}
	for n := range o.Attributes {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		fmt.Fprintf(l.out, "%s @%s\t%.120s\n", at, n, o.Attributes[n].Value)
	}
}

// folder prints domains and folders.
func (l *lister) folder() error {
	if !strings.HasSuffix(l.client.domain, "/") {
		l.client.domain += "/"
	}
	marker := ""
	for {
		var answer struct {
			Domains []struct {
				Class, Name string
				Size        *int64
			}
		}
		if err := l.client.object(l.ctx, "/domains", map[string]string{"Marker": marker, "verbose": "1"}, &answer); err != nil {
			return err
		}
		if len(answer.Domains) == 0 || answer.Domains[len(answer.Domains)-1].Name == marker {
			return l.out.Flush()
		}
		for _, d := range answer.Domains {
			marker = d.Name
			switch {
			case d.Class == "folder":
				fmt.Fprintf(l.out, "%s/\n", d.Name)
			case d.Size != nil:
				fmt.Fprintf(l.out, "%s\t%s\n", d.Name, h5dump.Bytes(*d.Size))
			default:
				fmt.Fprintln(l.out, d.Name)
			}
		}
	}
}
