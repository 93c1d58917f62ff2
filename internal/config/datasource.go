package config

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// DataSource says what is read.
type DataSource struct {
	Reader              string // name of the product reader: "hdf5", "atl06"
	Driver              string // "s3" or "https"
	Groups              []string
	Latitude, Longitude string     // paths; "" where the reader knows
	Variables           []Variable // those of levels too
	Filters             []Filter   // of filters, or else the one of quality_filter
	MaskFill            Mask
	Select              Selection
	Attributes          map[string]Described // what the source says of variables, by name
	CredentialsProvider string               // "" if not given
	FootprintMargin     *float64             // metres; nil if not given
	Index               Index
	Siblings            map[string]string // patterns of the names of siblings' files, by the sibling; those that have one
	Files               map[string]string // beside each granule: addresses, with {name}, {stem} and {folder} of the granule's

	reader json.RawMessage
}

// Described is what a source says of a variable; "" where it does not.
type Described struct {
	Units, LongName, StandardName string
}

// described reads data_source.attributes.
func described(n *node) map[string]Described {
	if len(n.list()) == 0 {
		return nil
	}
	out := map[string]Described{}
	for _, c := range n.list() {
		out[c.name] = Described{Units: c.get("units").str(), LongName: c.get("long_name").str(), StandardName: c.get("standard_name").str()}
	}
	return out
}

// Describe is the configuration with what the source says of variables, as data_source.attributes has it.
func (c *Config) Describe(of map[string]Described) (*Config, error) {
	type attributes struct {
		Units        string `json:"units,omitempty"`
		LongName     string `json:"long_name,omitempty"`
		StandardName string `json:"standard_name,omitempty"`
	}
	all := map[string]attributes{}
	for name, d := range of {
		all[name] = attributes(d)
	}
	doc, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	return c.graft("data_source", "attributes", doc)
}

// A Mask says what becomes of observations in which a variable has no valid value.
type Mask string

// The masks, as mask_fill spells them.
const (
	MaskInputs Mask = "inputs" // each array leaves out those that lack one of its own inputs
	MaskRow    Mask = "row"    // they are dropped for every array; "true" means the same
	MaskOff    Mask = "false"  // such values are data like any other
)

// Index says where the chunk tables of granules come from.
type Index struct {
	Store     string // folder or prefix of sidecars; "": the granules themselves
	WriteBack bool   // make the sidecars that are missing or do not fit
	Cells     bool   // there are also sidecars of the cells that rows lie in
}

// A Variable is a column: a name and where it is read from.
type Variable struct {
	Name, Path string // of values along a record, the path of the first ones
	Column     int    // index along the second axis; -1: the dataset has one axis
	Level      string // "": that of the observations
}

// A Filter keeps some observations. It is an expression, or else a comparison.
type Filter struct {
	Key        string // its dotted key, for errors
	Expression string // over variables; "" for a comparison
	Dataset    string // path
	Column     int    // index along the second axis; -1: the dataset has one axis
	Op         core.Op
	Values     []json.Number // one, or any number for in and not_in
	Keep       bool          // false: keep what does not pass; always true for an expression
	Level      string        // of the dataset; "": that of the observations
	Asset      string        // the sibling it lives in; "": the granule itself
}

// defaultReader is the reader that takes its layout from the configuration.
const defaultReader = "hdf5"

// sameReader are names of reading libraries in older configurations; they all mean the default reader.
func sameReader(name string) bool {
	return name == "" || name == defaultReader || name == "h5coro" || name == "xarray_s3"
}

// ReaderConfig is what the reader is made from: groups, coordinates and variables as the user gave them.
func (d *DataSource) ReaderConfig() core.Config { return d.reader }

// CoreFilters are the comparisons as readers take them, in order.
func (d *DataSource) CoreFilters() []core.Filter {
	var out []core.Filter
	for _, f := range d.Filters {
		if f.Expression == "" {
			column := f.Dataset
			if f.Asset != "" {
				column = f.Asset + ":" + column
			}
			out = append(out, core.Filter{Column: column, Element: f.Column, Op: f.Op, Values: f.Values, Drop: !f.Keep, Level: f.Level})
		}
	}
	return out
}

// ExpressionFilters are the filters that are expressions, in order.
func (d *DataSource) ExpressionFilters() []Filter {
	var out []Filter
	for _, f := range d.Filters {
		if f.Expression != "" {
			out = append(out, f)
		}
	}
	return out
}

// VariableNames are the names of the columns in the order given; empty where the reader knows them.
func (d *DataSource) VariableNames() []string {
	out := make([]string, len(d.Variables))
	for i, v := range d.Variables {
		out[i] = v.Name
	}
	return out
}

func filterOps() []string {
	return []string{"eq", "ne", "ge", "le", "gt", "lt", "in", "not_in"}
}

func (p *problems) dataSource(n *node) DataSource {
	d := DataSource{Reader: readerName(n.get("reader")), Driver: n.get("driver").str(), MaskFill: maskOf(n.get("mask_fill"))}
	if d.Driver == "" {
		d.Driver = "s3"
	}
	if sameReader(d.Reader) {
		if r := n.get("reader"); r != nil && r.kind == kindMap {
			p.ownReader(r)
		} else if r != nil && d.Reader != defaultReader {
			p.note(r, "%q has no effect: the reader %s reads the files", d.Reader, defaultReader)
		}
		d.Reader = defaultReader
	}
	if n == nil || n.kind != kindMap {
		return d
	}
	for _, g := range n.get("groups").list() {
		d.Groups = append(d.Groups, g.str())
	}
	d.Latitude, d.Longitude = n.get("coordinates").get("latitude").str(), n.get("coordinates").get("longitude").str()
	d.CredentialsProvider = n.get("credentials_provider").str()
	d.FootprintMargin = p.margin(n.get("footprint_margin"))
	d.Index = p.index(n.get("index"))
	d.Siblings = siblings(n)
	d.Files = p.files(n, &d)
	d.Variables = append(p.variables(n.get("variables"), ""), p.levels(n, &d)...)
	d.Filters = p.filters(n)
	d.Select = p.selection(n.get("select"))
	d.Attributes = described(n.get("attributes"))
	p.assetNames(n)
	d.reader = readerConfig(n)
	if d.Reader == defaultReader {
		p.layout(n, &d)
	}
	return d
}

// maskOf reads mask_fill.
func maskOf(n *node) Mask {
	switch {
	case n == nil || n.kind == kindNull:
		return MaskInputs
	case n.text == "true":
		return MaskRow
	}
	return Mask(n.text)
}

// margin reads a distance in metres.
func (p *problems) margin(n *node) *float64 {
	if n == nil || n.kind&kindNumber == 0 {
		return nil
	}
	v, err := n.number().Float64()
	if err != nil || !(v >= 0 && v < 2e7) {
		p.add(n, "%s is not a distance in metres; want 0 or more", n.text)
		return nil
	}
	return &v
}

// assetNames checks that the siblings which other keys name are there.
func (p *problems) assetNames(n *node) {
	assets := n.get("assets")
	var uses []*node
	for _, l := range n.get("levels").list() {
		for _, v := range l.get("variables").list() {
			uses = append(uses, v.get("asset"))
		}
	}
	for _, f := range n.get("filters").list() {
		uses = append(uses, f.get("asset"))
	}
	for _, u := range uses {
		if u != nil && u.kind == kindString && assets.get(u.text) == nil {
			p.add(u, "%s is none of data_source.assets%s", show(u), didYouMean(u.text, assets.childNames()))
		}
	}
	for _, a := range assets.list() {
		if f := a.get("files"); f != nil && f.kind == kindString {
			if _, err := path.Match(f.text, ""); err != nil || f.text == "" || strings.Contains(f.text, "/") {
				p.add(f, "%s is not a pattern of names; expected one as GEDI02_A_*", show(f))
			}
		}
		if a.name == "data" || a.name == "index" || !isName(a.name) {
			p.atKey(a, "%q cannot be the name of a sibling", a.name)
		}
	}
}

// index reads the settings of sidecars. The earlier system's other ways of indexing need none here: they have no effect.
func (p *problems) index(n *node) Index {
	if n == nil {
		return Index{}
	}
	backend := n.str()
	if n.kind == kindMap {
		backend = n.get("backend").str()
	}
	switch backend {
	case "sidecar":
	case "", "inline", "hierarchical":
		p.note(n, "no effect: files are indexed as they are opened")
		return Index{}
	default:
		if n.kind != kindMap { // of a map, the table of keys says so
			p.add(n, "%q is not an index; expected inline, hierarchical, or {backend: sidecar, store}", backend)
		}
		return Index{}
	}
	out := Index{Store: n.get("store").str(), WriteBack: n.get("write_back").boolean(false), Cells: n.get("cells").boolean(false)}
	if out.Store == "" {
		p.missing(n, "store", "the sidecars' folder is missing")
	}
	return out
}

// readerName is the name of a reader, which stands alone or with what it is configured with.
func readerName(n *node) string {
	if n != nil && n.kind == kindMap {
		return n.get("name").str()
	}
	return n.str()
}

// ownReader refuses a map that does not name a reader which is configured by it.
func (p *problems) ownReader(r *node) {
	switch name := r.get("name"); {
	case name.str() == "":
		p.missing(r, "name", "required: which reader")
	default:
		p.add(name, "the reader %s takes its layout from data_source, not from here", defaultReader)
	}
}

// readerConfig is the part of the section that the reader decodes itself: what stands beside its name, and what is of the section's own keys.
func readerConfig(n *node) json.RawMessage {
	out := &node{kind: kindMap}
	if r := n.get("reader"); r != nil && r.kind == kindMap {
		out.children = append(out.children, r.without("name").children...)
	}
	for _, k := range []string{"groups", "coordinates", "variables", "base_level", "levels", "read_plan", "assets"} {
		if out.child(k) != nil {
			continue // the reader's own key
		}
		if c := n.get(k); c != nil && (k != "read_plan" || n.get("levels") != nil || !sameReader(readerName(n.get("reader")))) {
			out.children = append(out.children, readOf(c))
		}
	}
	return out.json()
}

// readOf is a part of the section without what says where files are found: of siblings, the patterns of their names.
func readOf(n *node) *node {
	if n.name != "assets" || n.kind != kindMap {
		return n
	}
	out := *n
	out.children = slices.Clone(n.children)
	for i, c := range out.children {
		out.children[i] = c.without("files")
	}
	return &out
}

// siblings are the patterns of siblings' files.
func siblings(n *node) map[string]string {
	out := map[string]string{}
	for _, a := range n.get("assets").list() {
		if f := a.get("files"); f != nil {
			out[a.name] = f.str()
		}
	}
	return out
}

// layout checks what the default reader needs: coordinates, variables, and groups where a path wants them.
func (p *problems) layout(n *node, d *DataSource) {
	for _, k := range []string{"coordinates", "variables"} {
		if n.get(k) == nil {
			p.missing(n, k, "required by the reader %s", defaultReader)
		}
	}
	if v := n.get("variables"); v != nil && v.kind == kindMap && len(v.children) == 0 {
		p.add(v, "no variables")
	}
	if g := n.get("groups"); g != nil && g.kind == kindList && len(g.children) == 0 {
		p.add(g, "the list is empty; leave the key out if paths have no {group}")
	}
	for _, at := range pathNodes(n) {
		if strings.Contains(at.str(), "{group}") && n.get("groups") == nil {
			p.add(at, "%s needs data_source.groups", show(at))
		}
	}
	for _, at := range coordinateNodes(n) {
		if at != nil && at.kind == kindString && len(d.Groups) > 1 && !strings.Contains(at.text, "{group}") {
			p.add(at, "%s has no {group}: each of the %d groups would read the same observations", show(at), len(d.Groups))
		}
	}
}

// pathNodes are all dataset paths of the section.
func pathNodes(n *node) []*node {
	out := coordinateNodes(n)
	for _, v := range n.get("variables").list() {
		if v.kind == kindMap {
			v = v.get("path")
		}
		out = append(out, v)
	}
	out = append(out, n.get("quality_filter").get("dataset"))
	for _, f := range n.get("filters").list() {
		out = append(out, f.get("dataset"))
	}
	return out
}

func coordinateNodes(n *node) []*node {
	c := n.get("coordinates")
	return []*node{c.get("latitude"), c.get("longitude")}
}

// isName is what can be a name in an expression.
func isName(s string) bool {
	return regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(s)
}

func (p *problems) variables(n *node, level string) []Variable {
	var out []Variable
	for _, c := range n.list() {
		v := Variable{Name: c.name, Path: c.str(), Column: -1, Level: level}
		switch c.name {
		case "leaf_id", "toc_word", "np", "numpy":
			p.atKey(c, "%q is a reserved name", c.name)
		default:
			if !isName(c.name) {
				p.atKey(c, "%q cannot be used in expressions; a name has letters, digits and _ and does not begin with a digit", c.name)
			}
		}
		if c.kind == kindMap {
			v.Path, v.Column = c.get("path").str(), p.column(c.get("column"))
			if level == "" {
				p.synthesized(c, &v)
			}
		}
		if c.kind == kindString && c.text == "" {
			p.add(c, "an empty path")
		}
		out = append(out, v)
	}
	return out
}

// column is an index along a second axis; -1 if there is none.
func (p *problems) column(n *node) int {
	if n == nil {
		return -1
	}
	v, ok := n.integer()
	if n.kind == kindInt && (!ok || v < 0 || v > 1<<31-1) {
		p.add(n, "%s is not an index; expected 0 or more", n.text)
		return -1
	}
	return int(v)
}

func (p *problems) filters(n *node) []Filter {
	quality, list := n.get("quality_filter"), n.get("filters")
	if list == nil && quality != nil && quality.get("dataset") != nil && quality.get("value") != nil {
		return []Filter{{Key: quality.path(), Dataset: quality.get("dataset").str(), Column: -1, Op: core.OpEq,
			Values: []json.Number{quality.get("value").number()}, Keep: true}}
	}
	if list != nil && quality != nil {
		p.note(quality, "ignored: data_source.filters is given")
	}
	var out []Filter
	for _, c := range list.list() {
		if c.kind == kindMap {
			out = append(out, p.filter(c))
		}
	}
	return out
}

func (p *problems) filter(c *node) Filter {
	f := Filter{Key: c.path(), Expression: c.get("expression").str(), Dataset: c.get("dataset").str(),
		Column: p.column(c.get("column")), Op: core.Op(c.get("op").str()), Keep: c.get("keep").boolean(true), Level: c.get("level").str(), Asset: c.get("asset").str()}
	if e := c.get("expression"); e != nil {
		if e.kind == kindString && strings.TrimSpace(e.text) == "" {
			p.add(e, "an empty expression")
		}
		for _, k := range []string{"dataset", "column", "op", "value", "values", "keep", "level", "asset"} {
			if x := c.get(k); x != nil {
				p.atKey(x, "cannot stand beside expression")
			}
		}
		return f
	}
	for _, k := range []string{"dataset", "op"} {
		if c.get(k) == nil {
			p.missing(c, k, "required (or give an expression)")
		}
	}
	f.Values = p.filterValues(c, f.Op == core.OpIn || f.Op == core.OpNotIn)
	return f
}

// filterValues are the values of a comparison: the list of in and not_in, or the one number of the others.
func (p *problems) filterValues(c *node, many bool) []json.Number {
	want, other := "value", "values"
	if many {
		want, other = other, want
	}
	if x := c.get(other); x != nil && c.get("op") != nil {
		p.atKey(x, "op %s takes %s", c.get("op").str(), want)
	}
	x := c.get(want)
	if x == nil {
		if c.get("op") != nil {
			p.missing(c, want, "required by op %s", c.get("op").str())
		}
		return nil
	}
	if !many {
		return []json.Number{x.number()}
	}
	if x.kind == kindList && len(x.children) == 0 {
		p.add(x, "the list is empty")
	}
	var out []json.Number
	for _, v := range x.list() {
		out = append(out, v.number())
	}
	return out
}

// String is the filter as a person would write it.
func (f Filter) String() string {
	s := f.Expression
	if s == "" {
		s = f.Dataset
		if f.Column >= 0 {
			s += fmt.Sprintf("[:, %d]", f.Column)
		}
		s += fmt.Sprintf(" %s %v", f.Op, f.Values)
	}
	if !f.Keep {
		return "not (" + s + ")"
	}
	return s
}
