package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// Aggregation says what is computed.
type Aggregation struct {
	Coordinates []Coordinate
	ChunkValues []Array // numbers of each chunk, which are not stored
	Arrays      []Array
}

// A Coordinate is the type and fill value of an array that the grid writes.
type Coordinate struct {
	Name string
	Type core.Type
	Fill json.RawMessage
}

// An Array is computed for each cell, by a statistic or an expression.
type Array struct {
	Name       string
	Key        string  // its dotted key, for errors
	Function   string  // name of the statistic, without "np."; "" for an expression
	Expression string  // over the columns of one cell; "" for a statistic
	Source     string  // the variable that is reduced; may be "" for an expression, len and count
	Params     []Param // in the order given
	Type       core.Type
	// DefaultType says that no dtype was given: it is what the statistic gives, or float32, of times float64.
	DefaultType bool
	DefaultFill bool            // no fill_value was given
	Fill        json.RawMessage // number, or "NaN"
	Kind        string          // scalar, vector or ragged; "": what its statistic gives
	Shape       []int           // numbers of one cell; nil: one number
	Ragged      bool            // a cell has any number of rows
	Inner       []int           // of a row's numbers where it is ragged
	Attrs       json.RawMessage // JSON object; nil: none
	Chunk       bool            // there is one value for each inner chunk, not for each cell
	Location    string          // leaf_id, or a variable of words: the places that stand beside the rows; "": none do
	Times       string          // per-centroid: times stand beside the rows; per-cell: the values are times; "": neither
	Flux        bool            // the weights of the rows are no counts
	Overview    int             // delta of digests of coarser cells; 0: not given
}

// Width is the numbers of one cell, 1 for a scalar; where it is ragged, of one of its rows.
func (a *Array) Width() int {
	n := 1
	for _, s := range append(a.Shape, a.Inner...) {
		n *= s
	}
	return n
}

// Counts reports an array that counts observations: where there are some, but none with a value, it holds 0.
func (a *Array) Counts() bool { return a.Function == "len" || a.Function == "count" }

// A Param is a further argument of a statistic: exactly one of Const, Column and Expression.
type Param struct {
	Name       string
	Key        string          // its dotted key, for errors
	Const      json.RawMessage // any JSON
	Column     string          // name of a variable
	Expression string          // over variables
	// Outright says that the configuration says which form it is. Else Column or Expression is a text that is a constant where it names no
	// variable.
	Outright bool
}

// maxWidth bounds the numbers of one cell.
const maxWidth = 1 << 20

func (p *problems) aggregation(n *node, d *DataSource) Aggregation {
	var out Aggregation
	if n == nil {
		return out
	}
	for _, c := range n.get("coordinates").list() {
		if c.kind != kindMap {
			continue
		}
		x := Coordinate{Name: c.name, Type: p.dtype(c.get("dtype"), core.Uint64)}
		x.Fill = p.fill(c.get("fill_value"), x.Type, json.RawMessage("0"))
		out.Coordinates = append(out.Coordinates, x)
	}
	out.ChunkValues = p.chunkValues(n.get("chunk_precompute"), d)
	vars := n.get("variables")
	if vars != nil && vars.kind == kindMap && len(vars.children) == 0 {
		p.add(vars, "no variables")
	}
	for _, c := range vars.list() {
		if n.get("coordinates").child(c.name) != nil {
			p.atKey(c, "%q is a coordinate too", c.name)
		}
		if c.kind == kindMap {
			out.Arrays = append(out.Arrays, p.array(c, d))
		}
	}
	return out
}

// chunkValues are the numbers that are computed once for each chunk.
func (p *problems) chunkValues(n *node, d *DataSource) []Array {
	var out []Array
	for _, c := range n.list() {
		if c.kind != kindMap {
			continue
		}
		switch {
		case !isName(c.name) || c.name == "leaf_id" || c.name == "toc_word" || c.name == "np" || c.name == "numpy":
			p.atKey(c, "%q cannot be used in expressions", c.name)
		case slices.Contains(d.VariableNames(), c.name):
			p.atKey(c, "%q is a variable of the data source too", c.name)
		}
		p.oneOf(c, "function", "expression")
		a := Array{Name: c.name, Key: c.path(), Source: c.get("source").str(), Expression: c.get("expression").str(),
			Function: statisticName(c.get("function").str()), DefaultType: c.get("dtype") == nil, Type: p.dtype(c.get("dtype"), core.Float32)}
		if src := c.get("source"); src != nil {
			p.declared(src, a.Source, d)
		} else if c.get("function") != nil && !a.Counts() {
			p.missing(c, "source", "required: the variable that %s reduces", a.Function)
		}
		if a.Type != 0 && !a.Type.IsFloat() {
			p.add(c.get("dtype"), "%s has no NaN for a chunk without a value; expected float32 or float64", a.Type)
		}
		a.Params = p.params(c, d)
		out = append(out, a)
	}
	return out
}

func (p *problems) array(c *node, d *DataSource) Array {
	a := Array{Name: c.name, Key: c.path(), Source: c.get("source").str(), Expression: c.get("expression").str(),
		Function: statisticName(c.get("function").str())}
	p.arrayName(c)
	p.oneOf(c, "function", "expression")
	counts := a.Counts()
	if src := c.get("source"); src != nil {
		p.declared(src, a.Source, d)
	} else if c.get("function") != nil && !counts {
		p.missing(c, "source", "required: the variable that %s reduces", a.Function)
	}
	a.Params = p.params(c, d)
	a.DefaultType = c.get("dtype") == nil
	a.Type = p.dtype(c.get("dtype"), core.Float32)
	if a.DefaultType && TimeUnits(c.get("attrs").get("units").str()) {
		a.Type = core.Float64
	}
	a.DefaultFill = c.get("fill_value") == nil
	a.Fill = p.fill(c.get("fill_value"), a.Type, a.defaultFill())
	if c.get("fill_value") == nil && !counts && c.get("kind").str() != "ragged" && a.Type != 0 && !a.Type.IsFloat() {
		p.note(c, "no fill_value: cells without observations hold 0")
	}
	a.Kind = c.get("kind").str()
	a.Shape = p.shape(c, counts)
	a.Ragged, a.Inner = p.ragged(c, counts)
	a.Chunk = c.get("resolution").str() == "chunk"
	if a.Ragged {
		a.Fill = nil // a cell without observations has no rows
	}
	a.Attrs = p.attrs(c.get("attrs"))
	p.companions(c, &a, d)
	if x := c.get("overview_delta"); x != nil && x.kind == kindInt {
		v, ok := x.integer()
		if !ok || v < 1 || v > 1000000 {
			p.add(x, "%s is out of range; expected 1 to 1000000", x.text)
		}
		if !a.Ragged {
			p.atKey(x, "only for kind: ragged")
		}
		a.Overview = int(v)
	}
	return a
}

// DefaultFill is the fill value of a type where none is given.
func DefaultFill(t core.Type) json.RawMessage {
	switch {
	case t == core.Bool:
		return json.RawMessage("false")
	case t.IsFloat():
		return json.RawMessage(`"NaN"`)
	}
	return json.RawMessage("0")
}

// defaultFill is that of the array: counts are 0 where there is nothing to count.
func (a *Array) defaultFill() json.RawMessage {
	if a.Counts() && a.Type != core.Bool {
		return json.RawMessage("0")
	}
	return DefaultFill(a.Type)
}

// As is the array as one of another type. Its fill value is that of the configuration, which must be one of the type; else the one given
// here, else NaN, and 0 of what has none.
func (a *Array) As(t core.Type, fill json.RawMessage) (*Array, error) {
	out := *a
	out.Type = t
	switch {
	case a.Ragged:
	case a.DefaultFill && len(fill) > 0:
		out.Fill = fill
	case a.DefaultFill:
		out.Fill = out.defaultFill()
	case t == a.Type && !a.DefaultType: // it was checked
	case string(a.Fill) == `"NaN"` && t.IsFloat():
	default:
		text, ok := fits(string(a.Fill), t)
		if !ok {
			return nil, core.Errorf(core.Invalid, "", "", "%s does not fit %s", a.Fill, t)
		}
		out.Fill = fillText(text, t)
	}
	return &out, nil
}

// fillText is a number that fits a type as a fill value.
func fillText(text string, t core.Type) json.RawMessage {
	if t == core.Bool {
		return json.RawMessage(strconv.FormatBool(text == "1"))
	}
	return json.RawMessage(text)
}

// arrayName checks that the name can be the name of an array in a store.
func (p *problems) arrayName(c *node) {
	switch {
	case c.name == "" || strings.ContainsAny(c.name, "/\\\x00") || strings.HasPrefix(c.name, "__") || strings.Trim(c.name, ".") == "" || c.name == "zarr.json":
		p.atKey(c, "%q cannot be the name of an array", c.name)
	case len(c.name) > 200:
		p.atKey(c, "a name of %d bytes is too long", len(c.name))
	case c.name == "leaf_id" || c.name == "toc_word":
		p.atKey(c, "%q is a reserved name", c.name)
	}
}

func (p *problems) oneOf(c *node, a, b string) {
	switch {
	case c.get(a) == nil && c.get(b) == nil:
		p.missing(c, a, "required (or %s)", b)
	case c.get(a) != nil && c.get(b) != nil:
		p.atKey(c.get(b), "cannot stand beside %s; give one of the two", a)
	}
	for _, k := range []string{a, b} {
		if x := c.get(k); x != nil && x.kind == kindString && strings.TrimSpace(x.text) == "" {
			p.add(x, "empty")
		}
	}
}

// statisticName drops numpy's prefix: np.min and numpy.min are min. Functions of the Python zagg have the names of the statistics that
// do the same.
func statisticName(s string) string {
	for _, prefix := range []string{"np.", "numpy."} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			return rest
		}
	}
	earlier := map[string]string{
		"zagg.stats.tdigest.build_tdigest": "tdigest", "zagg.stats.tdigest.build_tdigest_where": "tdigest", "zagg.stats.tdigest.build_tdigest_pairwise": "tdigest",
		"zagg.stats.waveform.build_waveform_digest": "waveform", "zagg.stats.waveform.shot_count": "distinct", "zagg.stats.waveform.shot_number": "single",
		"zagg.stats.waveform.single_shot_value": "single", "zagg.stats.composition.pack_composition": "composition", "zagg.stats.toc.cell_envelope": "time_envelope",
	}
	return cmp.Or(earlier[s], s)
}

// declared checks that name is a variable, where the configuration knows them all.
func (p *problems) declared(n *node, name string, d *DataSource) {
	if n.kind != kindString || d.Reader != defaultReader || name == TimeColumn {
		return
	}
	if names := d.VariableNames(); len(names) > 0 && !slices.Contains(names, name) {
		p.add(n, "%q is not a variable of data_source.variables%s", name, didYouMean(name, names))
	}
}

func (p *problems) params(c *node, d *DataSource) []Param {
	var out []Param
	params := c.get("params")
	if params != nil && c.get("expression") != nil {
		p.atKey(params, "an expression takes no params")
	}
	for _, x := range params.list() {
		a := Param{Name: x.name, Key: x.path()}
		if x.name == "locations" || x.name == "temporal" {
			p.atKey(x, "%q is a reserved name", x.name)
		}
		p.param(x, &a, d)
		out = append(out, a)
	}
	return out
}

// param reads one: a map of the one key column, value or expression says which form it is; of a text it shows when the columns are known.
func (p *problems) param(x *node, a *Param, d *DataSource) {
	if x.kind == kindMap && len(x.children) == 1 {
		only := x.children[0]
		switch {
		case only.name == "value":
			a.Const = only.json()
			return
		case only.name == "column" && only.kind == kindString:
			a.Column, a.Outright = strings.TrimSpace(only.text), true
			p.declared(only, a.Column, d)
			return
		case only.name == "expression" && only.kind == kindString:
			a.Expression, a.Outright = only.text, true
			return
		}
	}
	number := &node{}
	if _, err := (&builder{}).setNumber(number, strings.TrimSpace(x.str())); err != nil {
		p.add(x, "%s is not a number that can be used", show(x))
	}
	text := strings.TrimSpace(x.text)
	switch {
	case x.kind != kindString:
		a.Const = x.json()
	case number.kind != 0:
		a.Const = number.json()
	case text == "":
		p.add(x, "empty; expected a constant, a variable or an expression")
	case isName(text):
		a.Column = text
		if near := nearest(text, d.VariableNames()); near != "" && near != text && d.Reader == defaultReader {
			p.declared(x, text, d)
		}
	default:
		a.Expression = x.text
	}
}

// shape is the shape of a cell's numbers: nil for a scalar.
func (p *problems) shape(c *node, counts bool) []int {
	ts := c.get("trailing_shape")
	if c.get("kind").str() != "vector" {
		if ts != nil && c.get("kind").str() != "ragged" {
			p.atKey(ts, "only for kind: vector")
		}
		return nil
	}
	if counts {
		p.add(c.get("kind"), "len and count give one number")
	}
	if ts == nil {
		p.missing(c, "trailing_shape", "required by kind: vector")
		return nil
	}
	return p.extents(ts)
}

// ragged reports whether a cell has any number of rows, and the shape of one.
func (p *problems) ragged(c *node, counts bool) (bool, []int) {
	inner := c.get("inner_shape")
	if c.get("kind").str() != "ragged" {
		if x := c.get("weights"); x != nil && x.kind != kindNull {
			p.atKey(x, "only for kind: ragged; a weight of a function is params.weights")
		}
		if inner != nil {
			p.atKey(inner, "only for kind: ragged")
		}
		return false, nil
	}
	switch {
	case counts:
		p.add(c.get("kind"), "len and count give one number")
	case c.get("trailing_shape") != nil:
		p.atKey(c.get("trailing_shape"), "only for kind: vector; a ragged cell has rows of inner_shape")
	}
	if inner == nil {
		p.missing(c, "inner_shape", "required by kind: ragged: the shape of one row")
		return true, nil
	}
	return true, p.extents(inner)
}

// extents are the lengths of an array's cell along its dimensions: a list, or the one of one dimension.
func (p *problems) extents(n *node) []int {
	list := n.list()
	if n.kind == kindInt {
		list = []*node{n}
	}
	var out []int
	width := int64(1)
	for _, x := range list {
		v, ok := x.integer()
		if x.kind != kindInt {
			return nil
		}
		if width *= v; !ok || v < 1 || v > maxWidth || width > maxWidth {
			p.add(x, "%s is not an extent; expected 1 or more and at most %d numbers in all", x.text, maxWidth)
			return nil
		}
		out = append(out, int(v))
	}
	if n.kind == kindList && len(out) == 0 {
		p.add(n, "the list is empty")
	}
	return out
}

// attrs checks that attributes do not use names that other keys write.
func (p *problems) attrs(n *node) json.RawMessage {
	for _, c := range n.list() {
		switch c.name {
		case "ragged", "weights", "temporal", "located", "times":
			p.atKey(c, "%q is a reserved attribute", c.name)
		}
		p.meaningful(c)
	}
	return n.json()
}

// meaningful refuses attributes by which readers of the store would read other numbers than are in it, or could not open it.
func (p *problems) meaningful(c *node) {
	switch c.name {
	case "_FillValue", "missing_value":
		p.atKey(c, "written by zagg from fill_value: give the array a fill_value instead")
	case "scale_factor", "add_offset", "_Unsigned", "dtype", "_Encoding":
		p.atKey(c, "readers would unpack values that are not packed: leave it out")
	case "coordinates", "units", "calendar", "grid_mapping", "bounds", "cell_measures", "ancillary_variables", "formula_terms", "standard_name", "long_name":
		if c.kind != kindString {
			p.add(c, "readers expect a text, not %s", show(c))
			return
		}
	}
	if c.name == "units" && strings.Contains(c.text, "since") && !TimeUnits(c.text) {
		p.add(c, "%s cannot be read as a time; expected such as \"seconds since 2018-01-01\"", show(c))
	}
	if c.name == "calendar" && !slices.Contains(calendars(), strings.ToLower(c.text)) {
		p.add(c, "%s is not a calendar; expected %s", show(c), strings.Join(calendars(), " or "))
	}
}

func calendars() []string {
	return []string{"standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap", "366_day", "360_day"}
}

// TimeUnits reports CF units of time: "seconds since 2018-01-01".
func TimeUnits(units string) bool {
	return regexp.MustCompile(`^(?i)(days?|d|hours?|hrs?|h|minutes?|mins?|seconds?|secs?|s|milliseconds?|msecs?|ms|microseconds?|us|nanoseconds?|ns) +since +` +
		`\d{1,4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12]\d|3[01])([T ]+([01]?\d|2[0-3]):[0-5]?\d(:[0-5]?\d(\.\d*)?)?)?( *(Z|UTC|[+-]\d{1,2}(:?\d{2})?))?$`).MatchString(units)
}

// dtype reads a type as numpy names it: float32, f4, <f4, float.
func (p *problems) dtype(n *node, def core.Type) core.Type {
	if n == nil || n.kind != kindString {
		return def
	}
	name := strings.TrimLeft(n.text, "<=|")
	aliases := map[string]core.Type{"f4": core.Float32, "f8": core.Float64, "i1": core.Int8, "i2": core.Int16, "i4": core.Int32,
		"i8": core.Int64, "u1": core.Uint8, "u2": core.Uint16, "u4": core.Uint32, "u8": core.Uint64, "b1": core.Bool, "?": core.Bool,
		"float": core.Float64, "double": core.Float64, "single": core.Float32, "int": core.Int64, "uint": core.Uint64, "bool_": core.Bool}
	if t, ok := aliases[name]; ok {
		return t
	}
	if t, ok := core.TypeFromName(name); ok && t != core.Bytes {
		return t
	}
	switch strings.TrimLeft(name, ">") {
	case "float16", "f2", "half", "float128", "longdouble", "complex64", "complex128", "c8", "c16":
		p.later(n, n.path()+": "+n.text)
		return 0
	}
	have := []string{"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"}
	p.add(n, "%s is not a type%s", show(n), didYouMean(n.text, have))
	return 0
}

// fill checks that a fill value fits the type and gives it as JSON.
func (p *problems) fill(n *node, t core.Type, def json.RawMessage) json.RawMessage {
	switch {
	case n == nil || t == 0:
		return def
	case n.kind == kindString && n.text == "NaN" && t.IsFloat():
		return json.RawMessage(`"NaN"`)
	case n.kind&kindNumber == 0 || !n.finite():
		p.add(n, "%s cannot fill %s; expected a number%s", show(n), t, map[bool]string{true: ` or "NaN"`}[t.IsFloat()])
		return def
	}
	text, ok := fits(n.text, t)
	if !ok {
		p.add(n, "%s does not fit %s", n.text, t)
		return def
	}
	return fillText(text, t)
}

// fits reports whether a number is a value of a type, and gives it as JSON: 5.0 is 5 for integers.
func fits(text string, t core.Type) (string, bool) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "", false
	}
	if t.IsFloat() {
		_, err = strconv.ParseFloat(text, 8*t.Size()) // to the nearest: 3.4028235e38 is the greatest float32
		return text, err == nil
	}
	if _, err := strconv.ParseInt(text, 10, 64); err != nil && v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		text = fmt.Sprintf("%.0f", v)
	}
	switch {
	case t == core.Bool:
		return text, text == "0" || text == "1"
	case t.IsSigned():
		_, err = strconv.ParseInt(text, 10, t.Size()*8)
	default:
		_, err = strconv.ParseUint(text, 10, t.Size()*8)
	}
	return text, err == nil
}
