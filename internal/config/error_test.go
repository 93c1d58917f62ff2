package config

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func parseTree(t testing.TB, text string) *node {
	t.Helper()
	n, err := parseDocument("run.yaml", []byte(text))
	require.NoError(t, err)
	return n
}

func canonicalText(n *node) []byte {
	var b bytes.Buffer
	n.writeCanonical(&b)
	return b.Bytes()
}

// badConfigs are edits of the minimal configuration and what the error must say. Those with schema are what the JSON
// Schema refuses too.
func badConfigs() []badConfig {
	variables := "  variables:\n    h: /{group}/h\n"
	groups := "  groups: [gt1l, gt2l]\n"
	max := "{function: max, source: h}"
	grid := "  grid: {type: healpix, parent_order: 6, child_order: 12}\n"
	return []badConfig{
		{"unknown top-level key", "output:\n", "outptu: 3\noutput:\n", "run.yaml:13:1: outptu: unknown key, with value 3; did you mean \"output\"?", true},
		{"unknown key", groups, groups + "  quality_fliter: {dataset: x, value: 0}\n", `run.yaml:3:3: data_source.quality_fliter: unknown key, with value {"dataset":"x","value":0}; did you mean "quality_filter"?`, true},
		{"key of another section", groups, groups + "  store_layout: flat\n", "run.yaml:3:3: data_source.store_layout: unknown key, with value \"flat\"; did you mean output.store_layout?", true},
		{"unknown key, nothing near", "source: h}", "source: h, zzz: 1}", "aggregation.variables.h_max.zzz: unknown key, with value 1; have function, expression", true},
		{"unknown variable key", "column: 0}", "colunm: 0}", "data_source.variables.conf.colunm: unknown key", true},
		{"a star is a name", "source: h}", "source: h, '*': 1}", "aggregation.variables.h_max.*: unknown key", true},
		{"duplicate key", groups, groups + "  groups: [a]\n", "run.yaml:3:3: data_source.groups: given twice; first at line 2", false},
		{"duplicate in grid", "child_order: 12", "child_order: 12, x: {a: 1, a: 2}", "output.grid.x.a: given twice", false},
		{"missing section", "output:\n" + grid, "", "run.yaml:1:1: output: required", true},
		{"missing key", "{type: healpix, ", "{", "run.yaml:14:3: output.grid.type: required", true},
		{"wrong type", "[gt1l, gt2l]", "gt1l", `run.yaml:2:11: data_source.groups: expected a list, not "gt1l"`, true},
		{"wrong type of item", "[gt1l, gt2l]", "[gt1l, 2]", "run.yaml:2:18: data_source.groups[1]: expected a string, not 2", true},
		{"quoted bool", groups, groups + "  mask_fill: 'yes'\n", `data_source.mask_fill: expected inputs or row or true or false, not "yes"`, true},
		{"section is text", "output:\n" + grid, "output: x\n", `output: expected a map, not "x"`, true},
		{"null variable", max, "null", "aggregation.variables.h_max: expected a map, not null", true},
		{"null constant", "source: h}", "source: h, params: {x: null}}", "params.x: expected any value, not null: a constant that is null is written {value: null}", false},
		{"no constant", "source: h}", "source: h, params: {x: }}", "{value: null}", false},
		{"value not in enum", groups, groups + "  driver: ftp\n", `data_source.driver: expected s3 or https, not "ftp"`, true},
		{"layout", "child_order: 12", "child_order: 12, layout: dense", `output.grid.layout: expected fullsphere or compact, not "dense"`, true},
		{"worker", "output:\n", "worker: {memory: 1024}\noutput:\n", "worker.memory: expected 2048 or 4096 or 8192, not 1024", true},
		{"infinite", "child_order: 12", "child_order: .inf", "output.grid.child_order: Infinity is not a finite number", false},
		{"nan in a list", "child_order: 12", "child_order: [1, .nan]", "output.grid.child_order[1]: NaN is not a finite number", false},
		{"infinite fill", "source: h}", "source: h, fill_value: .inf}", "fill_value: Infinity is not a finite number", false},
		{"huge number", "child_order: 12", "child_order: 1e999", "beyond the range of float64", false},
		{"huge integer", "child_order: 12", "child_order: 18446744073709551616", "does not fit 64 bits", false},

		{"no coordinates", "  coordinates:\n    latitude: /{group}/lat\n    longitude: /{group}/lon\n", "", "run.yaml:1:1: data_source.coordinates: required by the reader hdf5", true},
		{"no variables", variables + "    conf: {path: '/{group}/conf', column: 0}\n", "  variables: {}\n", "data_source.variables: no variables", false},
		{"group without groups", groups, "", `run.yaml:3:15: data_source.coordinates.latitude: "/{group}/lat" needs data_source.groups`, false},
		{"coordinates without group", "/{group}/lat", "/lat", "each of the 2 groups would read the same observations", false},
		{"reserved variable", "    h: /", "    leaf_id: /", `"leaf_id" is a reserved name`, false},
		{"variable name", "    h: /", "    h-1: /", "cannot be used in expressions", false},
		{"negative column", "column: 0", "column: -1", "data_source.variables.conf.column: -1 is not an index", true},
		{"two of a kind", groups, groups + "  filters: [{expression: h > 1, op: eq}]\n", "data_source.filters[0].op: cannot stand beside expression", true},
		{"empty filter", groups, groups + "  filters: [{keep: true}]\n", "run.yaml:3:13: data_source.filters[0].dataset: required (or give an expression)", true},
		{"op", groups, groups + "  filters: [{dataset: x, op: '=', value: 1}]\n", `data_source.filters[0].op: expected eq or ne`, true},
		{"values for eq", groups, groups + "  filters: [{dataset: x, op: eq, values: [1]}]\n", "data_source.filters[0].value: required by op eq", false},
		{"value for in", groups, groups + "  filters: [{dataset: x, op: in, value: 1}]\n", "data_source.filters[0].value: op in takes values", false},
		{"text value", groups, groups + "  quality_filter: {dataset: x, value: good}\n", `data_source.quality_filter.value: expected a number, not "good"`, true},

		{"function and expression", max, "{function: max, source: h, expression: h}", "aggregation.variables.h_max.expression: cannot stand beside function", true},
		{"neither", max, "{source: h}", "run.yaml:12:5: aggregation.variables.h_max.function: required (or expression)", true},
		{"no source", max, "{function: max}", "aggregation.variables.h_max.source: required: the variable that max reduces", false},
		{"undeclared source", "source: h}", "source: hh}", `aggregation.variables.h_max.source: "hh" is not a variable of data_source.variables; did you mean "h"?`, false},
		{"undeclared param", "source: h}", "source: h, params: {weights: cnof}}", `params.weights: "cnof" is not a variable of data_source.variables; did you mean "conf"?`, false},
		{"reserved param", "source: h}", "source: h, params: {locations: h}}", `"locations" is a reserved name`, false},
		{"params of an expression", max, "{expression: h, params: {q: 1}}", "an expression takes no params", false},
		{"dtype", "source: h}", "source: h, dtype: flaot32}", `aggregation.variables.h_max.dtype: "flaot32" is not a type; did you mean "float32"?`, false},
		{"fill of int", "source: h}", "source: h, dtype: int8, fill_value: 300}", "fill_value: 300 does not fit int8", false},
		{"fraction for int", "source: h}", "source: h, dtype: int32, fill_value: 0.5}", "fill_value: 0.5 does not fit int32", false},
		{"negative for uint", "source: h}", "source: h, dtype: u4, fill_value: -1}", "fill_value: -1 does not fit uint32", false},
		{"NaN for int", "source: h}", "source: h, dtype: int32, fill_value: NaN}", `fill_value: "NaN" cannot fill int32; expected a number`, false},
		{"text fill", "source: h}", "source: h, fill_value: none}", `fill_value: "none" cannot fill float32; expected a number or "NaN"`, false},
		{"float32 overflow", "source: h}", "source: h, fill_value: 1.0e300}", "does not fit float32", false},
		{"vector without shape", "source: h}", "source: h, kind: vector}", "trailing_shape: required by kind: vector", false},
		{"shape without vector", "source: h}", "source: h, trailing_shape: [3]}", "trailing_shape: only for kind: vector", false},
		{"bad extent", "source: h}", "source: h, kind: vector, trailing_shape: [0]}", "trailing_shape[0]: 0 is not an extent", true},
		{"huge shape", "source: h}", "source: h, kind: vector, trailing_shape: [1000000, 1000000]}", "is not an extent", false},
		{"count as vector", "{function: count}", "{function: count, kind: vector, trailing_shape: [2]}", "len and count give one number", false},
		{"array name", "    h_max:", "    a/b:", `"a/b" cannot be the name of an array`, false},
		{"array and coordinate", "aggregation:\n", "aggregation:\n  coordinates: {n: {}}\n", `aggregation.variables.n: "n" is a coordinate too`, false},
		{"reserved attribute", "source: h}", "source: h, attrs: {weights: 1}}", `"weights" is a reserved attribute`, false},

		{"product name", grid, grid + "  product_name: A b\n", "not a product name", true},
		{"product like a base cell", grid, grid + "  product_name: '-5'\n", "not a product name", false},
		{"compression", grid, grid + "  compression: gzip\n", `output.compression: expected zstd or none, not "gzip"`, true},
		{"compression level", grid, grid + "  compression: {codec: zstd, level: 99}\n", "99 is not a level of zstd", true},
		{"level of none", grid, grid + "  compression: {codec: none, level: 1}\n", "none has no level", false},
		{"one date", "output:\n", "bounds: {temporal: {start_date: 2024-01-01}}\noutput:\n", "bounds.temporal.end_date: required", true},
		{"no date", "output:\n", "bounds: {temporal: {start_date: 2024-13-01, end_date: 2024-12-31}}\noutput:\n", `"2024-13-01" is not a date`, false},
		{"pipeline without type", "output:\n", "pipeline: {}\noutput:\n", "pipeline.type: required", true},

		{"not YAML", "[gt1l, gt2l]", "[gt1l, gt2l", "run.yaml:", false},
		{"unknown alias", "[gt1l, gt2l]", "*groups", "run.yaml:2:11: no anchor &groups before this alias", false},
		{"alias of itself", "[gt1l, gt2l]", "&x [*x]", "no anchor &x", false},
		{"two documents", "output:\n", "---\noutput:\n", "a second document begins here", false},
		{"tag", "type: healpix", "type: !python/name:os.system healpix", "means nothing here", false},
		{"merge of text", "source: h}", "<<: 3, source: h}", "<< merges a map, not a whole number", false},
	}
}

type badConfig struct {
	name, from, to, want string
	schema               bool
}

func TestErrors(t *testing.T) {
	for _, c := range badConfigs() {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := Parse("run.yaml", []byte(edit(t, c.from, c.to)))
			require.ErrorContains(t, err, c.want)
			require.Equal(t, core.Invalid, core.CodeOf(err))
			require.ErrorContains(t, err, "run.yaml:")
		})
	}
}

// Every key and value of the table that is for later is refused by name, with the code that says so.
func TestNotSupportedYet(t *testing.T) {
	set := func(path, value string) string {
		path = strings.NewReplacer("data_source.variables.*", "data_source.variables.conf", "aggregation.variables.*", "aggregation.variables.h_max").Replace(path)
		root := parseTree(t, edit(t, "  groups: [gt1l, gt2l]\n", "  groups: [gt1l, gt2l]\n  filters: [{dataset: x, op: eq, value: 1}]\n"))
		at := root
		parts := strings.Split(strings.ReplaceAll(path, "[]", ".[0]"), ".")
		for i, part := range parts {
			next := at.child(part)
			if part == "[0]" {
				next = at.children[0]
			}
			if next == nil {
				next = &node{kind: kindMap, name: part, parent: at}
				at.children = append(at.children, next)
			}
			if at = next; i == len(parts)-1 {
				at.kind, at.text, at.children = kindString, value, nil
				if value == "true" {
					at.kind = kindBool
				}
			}
		}
		return string(root.json())
	}
	for _, k := range keys() {
		values := k.later
		if k.status == notYet {
			values = []string{"x"}
		}
		for _, v := range values {
			text := set(k.path, v)
			_, _, err := Parse("run.json", []byte(text))
			require.ErrorContains(t, err, "not supported yet: ", k.path)
			require.ErrorContains(t, err, strings.NewReplacer(".*", ".").Replace(k.path)[strings.LastIndexByte(k.path, '.')+1:], k.path)
			if k.path != "aggregation.variables.*.kind" && !strings.HasPrefix(k.path, "data_source.variables.*.") && !strings.HasPrefix(k.path, "data_source.levels.*.") {
				require.Equal(t, core.Unsupported, core.CodeOf(err), "%s: %v", k.path, err)
			}
		}
	}
	_, _, err := Parse("run.yaml", []byte(edit(t, "output:\n", "output:\n  windowing: null\n  format: csv\n")))
	require.EqualError(t, err, "run.yaml:15:3: not supported yet: output.format: csv")
	_, _, err = Parse("run.yaml", []byte(edit(t, "source: h}", "source: h, dtype: complex64}")))
	require.Equal(t, core.Unsupported, core.CodeOf(err))
}

func TestNoEffect(t *testing.T) {
	for _, k := range keys() {
		if k.status != noEffect || strings.Count(k.path, ".") > 1 {
			continue
		}
		section, name, _ := strings.Cut(k.path, ".")
		_, notes, err := Parse("run.yaml", []byte(edit(t, section+":\n", section+":\n  "+name+": {any: [thing]}\n")))
		require.NoError(t, err, k.path)
		require.Len(t, notes, 1)
		require.Equal(t, k.path, notes[0].Key)
		require.Contains(t, notes[0].Text, "no effect")
	}
}

func TestIndex(t *testing.T) {
	for text, want := range map[string]Index{
		"index: inline": {}, "index: {backend: hierarchical, write_back: true}": {}, "index: {write_back_coverage: lazy}": {},
		"index: {backend: sidecar, store: s3://b/i}":              {Store: "s3://b/i"},
		"index: {backend: sidecar, store: idx, write_back: true}": {Store: "idx", WriteBack: true},
		"index: {backend: sidecar, store: idx, cells: true}":      {Store: "idx", Cells: true},
	} {
		c, notes, err := Parse("run.yaml", []byte(edit(t, "data_source:\n", "data_source:\n  "+text+"\n")))
		require.NoError(t, err, text)
		require.Equal(t, want, c.DataSource.Index, text)
		require.Equal(t, want.Store == "", len(notes) > 0, "%s: %v", text, notes)
	}
	for text, want := range map[string]string{
		"index: {backend: sidecar}":               "data_source.index.store: the sidecars' folder is missing",
		"index: parquet":                          `"parquet" is not an index`,
		"index: {backend: sidecra, store: x}":     "expected inline or hierarchical or sidecar",
		"index: {backend: sidecar, stroe: x}":     `did you mean "store"?`,
		"index: {backend: sidecar, store: 3}":     "data_source.index.store",
		"index: {backend: inline, write_back: 3}": "data_source.index.write_back",
	} {
		_, _, err := Parse("run.yaml", []byte(edit(t, "data_source:\n", "data_source:\n  "+text+"\n")))
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, "run.yaml:2:", text)
	}
}

func TestProblemsAreReportedTogetherInLineOrder(t *testing.T) {
	_, _, err := Parse("run.yaml", []byte(strings.NewReplacer("gt2l]", "2]", "max,", "max, dtype: x,", "output:", "outptu:").Replace(minimal)))
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 4, err)
	for i, prefix := range []string{"run.yaml:1:1: output: required", "run.yaml:2:18:", "run.yaml:12:35:", "run.yaml:13:1: outptu"} {
		require.True(t, strings.HasPrefix(lines[i], prefix), lines[i])
	}

	var many strings.Builder
	for i := range 50 {
		fmt.Fprintf(&many, "key%d: 1\n", i)
	}
	_, _, err = Parse("run.yaml", []byte(minimal+many.String()))
	lines = strings.Split(err.Error(), "\n")
	require.Len(t, lines, maxProblems+1)
	require.Equal(t, "run.yaml: and 30 more problems", lines[maxProblems])
}

// Hostile documents end in an error, soon.
func TestBounds(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":          {"", "empty"},
		"comment":        {"# nothing\n", "empty"},
		"not UTF-8":      {"a: \xff", "not UTF-8"},
		"alias bomb":     {bomb, "aliases counted each time"},
		"deep flow":      {strings.Repeat("[", 100_000), "nested deeper than 64"},
		"deep maps":      {strings.Repeat("{a: ", 60_000), "nested deeper than 64"},
		"deep list":      {strings.Repeat("- ", 100_000), "nested deeper than 64"},
		"deep keys":      {strings.Repeat("? ", 100_000), "nested deeper than 64"},
		"anchors":        {strings.Repeat("&a ", 50_000), "nested deeper than 64"},
		"tags":           {strings.Repeat("! ", 50_000), "nested deeper than 64"},
		"too long":       {"a: " + strings.Repeat("x", maxYAML), "too many for a configuration"},
		"deep JSON":      {strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "nested deeper than 64"},
		"many values":    {`{"a":[` + strings.Repeat("1,", maxNodes) + "1]}", "more than 50000 values"},
		"JSON number":    {`{"a":1e999}`, "beyond the range"},
		"a list":         {"- a\n", "expected a map"},
		"a scalar":       {"hello", "expected a map"},
		"key of a list":  {"? [a]\n: 1\n", "run.yaml:2:1: not YAML"},
		"redefined":      {"a: &x 1\nb: &y [*x]\nc: &x [*y]\nd: *x\n", "unknown key"},
		"null character": {"a: \x00", "run.yaml"},
	} {
		_, _, err := Parse("run.yaml", []byte(c.text))
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, core.Invalid, core.CodeOf(err), name)
	}
}

func TestScalars(t *testing.T) {
	n := parseTree(t, "a: 0x1F\nb: 017\nc: 0o17\nd: 1_000\ne: +1\nf: .5\ng: 1.\nh: 1e3\ni: '12'\nj: 2018-01-01\nk: !!str 12\nl: |\n  two\n  lines\nm: >-\n  one\n  line\n"+
		"n: ~\no: True\np: -0\nq: -1.50\nr: 18446744073709551615\ns: \"\\u00e9\"\n12: x\nt: !!float 1\nu: .inf\nv: 1:30\nw: +.inf\n")
	require.Equal(t, `{"a":31,"b":15,"c":15,"d":1000,"e":1,"f":0.5,"g":1.0,"h":1000.0,"i":"12","j":"2018-01-01","k":"12","l":"two\nlines\n","m":"one line",`+
		`"n":null,"o":true,"p":0,"q":-1.5,"r":18446744073709551615,"s":"é","12":"x","t":1,"u":Infinity,"v":"1:30","w":Infinity}`, string(n.json()))
}

// What editors and tools put around and into a document does not matter.
func TestDocumentForms(t *testing.T) {
	want := exported(parse(t, minimal))
	for name, text := range map[string]string{
		"CRLF":      strings.ReplaceAll(minimal, "\n", "\r\n"),
		"BOM":       "\ufeff" + minimal,
		"directive": "%YAML 1.1\n---\n" + minimal + "...\n",
		"comments":  strings.ReplaceAll(minimal, "\n", " # {x}\n# y\n"),
		"JSON":      "\ufeff \n" + string(parseTree(t, minimal).json()) + "\n",
	} {
		require.Equal(t, want, exported(parse(t, text)), name)
	}
}

func TestNearest(t *testing.T) {
	have := []string{"store", "region", "grid", "sweep"}
	for name, want := range map[string]string{"stroe": "store", "Region": "region", "regoin": "region", "gird": "grid", "zebra": "", "swep": "sweep", "": "", "x": ""} {
		require.Equal(t, want, nearest(name, have), name)
	}
}
