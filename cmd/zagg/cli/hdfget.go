package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/h5dump"
)

// hdfObject is what the API says of an object.
type hdfObject struct {
	ID             string
	Class          string
	Shape          hdfShape
	Type           json.RawMessage
	LinkCount      int
	AttributeCount int
	Attributes     map[string]struct{ Value json.RawMessage }
	Properties     struct {
		Layout struct {
			Class string
			Dims  []uint64
		}
		Filters []struct{ Name string }
	} `json:"creationProperties"`
}

type hdfShape struct {
	Class string
	Dims  []uint64
}

// String is the shape as numpy prints it.
func (s hdfShape) String() string {
	switch s.Class {
	case "H5S_NULL":
		return "null"
	case "H5S_SCALAR":
		return "()"
	}
	parts := make([]string, len(s.Dims))
	for i, d := range s.Dims {
		parts[i] = fmt.Sprint(d)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// hdfType is a type on one line.
func hdfType(text json.RawMessage) string {
	var t struct {
		Class  string
		Base   json.RawMessage
		Length json.RawMessage
		Fields []struct {
			Name string
			Type json.RawMessage
		}
		Dims    []int
		Size    json.RawMessage
		Mapping map[string]json.RawMessage
	}
	var name string
	if json.Unmarshal(text, &name) == nil {
		return predefined(name)
	}
	if json.Unmarshal(text, &t) != nil {
		return string(text)
	}
	switch t.Class {
	case "H5T_STRING":
		if string(t.Length) == `"H5T_VARIABLE"` {
			return "string"
		}
		return "string of " + string(t.Length) + " bytes"
	case "H5T_COMPOUND":
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Name + " " + hdfType(f.Type)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case "H5T_ARRAY":
		return fmt.Sprintf("%s%v", hdfType(t.Base), t.Dims)
	case "H5T_VLEN":
		return "sequence of " + hdfType(t.Base)
	case "H5T_ENUM":
		if len(t.Mapping) == 2 && t.Mapping["FALSE"] != nil && t.Mapping["TRUE"] != nil {
			return "bool"
		}
		return "enum of " + hdfType(t.Base)
	case "H5T_OPAQUE":
		return "opaque of " + string(t.Size) + " bytes"
	case "H5T_REFERENCE":
		return "reference"
	}
	return hdfType(t.Base)
}

// predefined is a short name of H5T_IEEE_F64LE and its like.
func predefined(name string) string {
	short := strings.TrimPrefix(strings.TrimPrefix(name, "H5T_STD_"), "H5T_IEEE_")
	order := ""
	if strings.HasSuffix(short, "BE") {
		order = " big-endian"
	}
	short = strings.TrimSuffix(strings.TrimSuffix(short, "LE"), "BE")
	if len(short) < 2 {
		return name
	}
	return map[byte]string{'I': "int", 'U': "uint", 'F': "float"}[short[0]] + short[1:] + order
}

func (a *app) hdfListCommand() *cobra.Command {
	o := &hdfAccess{}
	var recursive, attributes bool
	c := &cobra.Command{
		Use: "ls DOMAIN [PATH]", Short: "List the objects of a domain, or the domains of a folder", Args: cobra.RangeArgs(1, 2), Long: "List the objects of a domain below PATH, or the domains of a folder.\n\n" + hdfWhere,
		Example: `  zagg hdf ls granule.h5
  zagg hdf ls /granules/ --endpoint http://127.0.0.1:5101
  zagg hdf ls -r s3://bucket/granule.h5 /gt1l`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := o.connect(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			path := "/"
			if len(args) > 1 {
				path = args[1]
			}
			l := &hdfLister{app: a, ctx: cmd.Context(), client: client, recursive: recursive, attributes: attributes, seen: map[string]bool{}}
			return l.list(path)
		},
	}
	o.flags(c)
	c.Flags().BoolVarP(&recursive, "recursive", "r", false, "go into groups")
	c.Flags().BoolVar(&attributes, "attributes", false, "show attributes and their values")
	return c
}

// An hdfLister prints objects.
type hdfLister struct {
	*app
	ctx                   context.Context
	client                *hdfClient
	recursive, attributes bool
	seen                  map[string]bool
	out                   *tabwriter.Writer
}

func (l *hdfLister) list(path string) error {
	l.out = tabwriter.NewWriter(l.stdout, 0, 8, 2, ' ', 0)
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

func (l *hdfLister) object(path string) (*hdfObject, error) {
	var o hdfObject
	params := map[string]string{"h5path": path}
	if l.attributes {
		params["include_attrs"] = "1"
	}
	return &o, l.client.object(l.ctx, "/", params, &o)
}

// group prints what is in a group.
func (l *hdfLister) group(id, path string) error {
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

func (l *hdfLister) entry(id, at string) error {
	collection := map[byte]string{'g': "groups", 'd': "datasets", 't': "datatypes"}[id[0]]
	params := map[string]string{}
	if l.attributes {
		params["include_attrs"] = "1"
	}
	var o hdfObject
	if err := l.client.object(l.ctx, "/"+collection+"/"+id, params, &o); err != nil {
		return err
	}
	l.print(at, &o)
	if l.recursive && collection == "groups" {
		return l.group(id, at)
	}
	return nil
}

func (l *hdfLister) print(at string, o *hdfObject) {
	switch o.ID[0] {
	case 'g':
		fmt.Fprintf(l.out, "%s/\t%d links\n", at, o.LinkCount)
	case 't':
		fmt.Fprintf(l.out, "%s\ttype %s\n", at, hdfType(o.Type))
	default:
		stored := strings.ToLower(strings.TrimPrefix(o.Properties.Layout.Class, "H5D_"))
		if len(o.Properties.Layout.Dims) > 0 {
			stored = hdfShape{Dims: o.Properties.Layout.Dims}.String()
		}
		for _, f := range o.Properties.Filters {
			stored += " " + f.Name
		}
		fmt.Fprintf(l.out, "%s\t%s\t%s\t%s\n", at, o.Shape, hdfType(o.Type), stored)
	}
	l.showAttributes(o, at)
}

func (l *hdfLister) showAttributes(o *hdfObject, at string) {
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
func (l *hdfLister) folder() error {
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

type hdfGetOptions struct {
	hdfAccess
	sel, fields, query, out string
	binary                  bool
	limit                   int
}

func (a *app) hdfGetCommand() *cobra.Command {
	o := &hdfGetOptions{}
	c := &cobra.Command{
		Use: "get DOMAIN PATH", Short: "Print values of a dataset, or all that is known of a group or type", Args: cobra.ExactArgs(2),
		Long: `Print the values of a dataset as JSON, one row a line, or their bytes; of a group or a committed type, its description.

` + hdfWhere,
		Example: `  zagg hdf get granule.h5 /gt1l/land_ice_segments/h_li --select '0:10'
  zagg hdf get /granule.h5 /ancillary_data/atlas_sdp_gps_epoch --endpoint http+lambda://hdf
  zagg hdf get table.h5 /rows --query 'x > 0.5' --limit 10
  zagg hdf get granule.h5 /gt1l/land_ice_segments/h_li --binary -o h_li.bin`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.hdfGet(cmd.Context(), o, args[0], args[1]) },
	}
	o.flags(c)
	f := c.Flags()
	f.StringVar(&o.sel, "select", "", "part of the dataset: a:b:step, an index, or a list [i,j] a dimension ('0:10,:', '[[1,5],0:2]')")
	f.StringVar(&o.fields, "fields", "", "members of a compound type, separated by colons")
	f.StringVar(&o.query, "query", "", "rows of a table for which this holds, each with its number before it ('x > 0.5 & name == \"a\"')")
	f.IntVar(&o.limit, "limit", 0, "most rows of --query")
	f.BoolVar(&o.binary, "binary", false, "packed bytes in the file's byte order instead of JSON")
	f.StringVarP(&o.out, "output", "o", "", "file to write instead of printing")
	return c
}

func (a *app) hdfGet(ctx context.Context, o *hdfGetOptions, domain, path string) error {
	client, err := o.connect(ctx, domain)
	if err != nil {
		return err
	}
	var object hdfObject
	if err := client.object(ctx, "/", map[string]string{"h5path": path}, &object); err != nil {
		return err
	}
	var data []byte
	switch {
	case !strings.HasPrefix(object.ID, "d-") && o.sel+o.fields+o.query != "" || o.binary && !strings.HasPrefix(object.ID, "d-"):
		return core.Errorf(core.Invalid, "hdf", domain+" "+path, "is no dataset: it has no values to select")
	case !strings.HasPrefix(object.ID, "d-"):
		data, err = describeObject(ctx, client, path)
	default:
		data, err = o.values(ctx, client, &object)
	}
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err = a.stdout.Write(data)
		return err
	}
	if err := os.WriteFile(o.out, data, 0o644); err != nil {
		return core.Errorf(core.Invalid, "--output", o.out, "%w", err)
	}
	return nil
}

// describeObject is all that is known of a group or type.
func describeObject(ctx context.Context, c *hdfClient, path string) ([]byte, error) {
	resp, err := c.get(ctx, "/", map[string]string{"h5path": path, "include_attrs": "1", "include_links": "1", "ignore_nan": "1"}, "application/json")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, resp.Body, "", "  "); err != nil {
		return nil, core.Errorf(core.Corrupt, "hdf", c.domain+" "+path, "the answer is no JSON: %w", err)
	}
	return append(out.Bytes(), '\n'), nil
}

// values asks for a dataset's values.
func (o *hdfGetOptions) values(ctx context.Context, c *hdfClient, object *hdfObject) ([]byte, error) {
	if object.Shape.Class == "H5S_NULL" {
		return []byte("null\n"), nil
	}
	params := map[string]string{"select": o.sel, "fields": o.fields, "query": o.query}
	if o.limit > 0 {
		params["Limit"] = fmt.Sprint(o.limit)
	}
	at := "/datasets/" + object.ID + "/value"
	if o.binary {
		resp, err := c.get(ctx, at, params, "application/octet-stream")
		if err != nil {
			return nil, err
		}
		return resp.Body, nil
	}
	var answer struct{ Value json.RawMessage }
	if err := c.object(ctx, at, params, &answer); err != nil {
		return nil, err
	}
	var rows []json.RawMessage
	if object.Shape.Class == "H5S_SCALAR" || json.Unmarshal(answer.Value, &rows) != nil {
		return append(answer.Value, '\n'), nil
	}
	var out []byte
	for _, r := range rows {
		out = append(append(out, r...), '\n')
	}
	return out, nil
}
