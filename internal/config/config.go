package config

import (
	"cmp"
	"embed"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Config is a checked run configuration.
type Config struct {
	File        string // as errors name it
	DataSource  DataSource
	Aggregation Aggregation
	Output      Output
	Catalog     string // path of the shard map; "" if not given
	Bounds      Bounds
	Pipeline    string // "spatial"
	Worker      Worker
	Plugins     []Plugin

	root *node
}

// Bounds is what a catalog was asked for; nothing here is applied to observations.
type Bounds struct {
	Start, End string          // days, YYYY-MM-DD; "" if not given
	Spatial    json.RawMessage // as given; nil if not
}

// Worker chooses the size of cloud workers.
type Worker struct {
	Memory    int // MiB: 2048, 4096, 8192; 0 if not given
	ExtraDisk bool
}

// Plugin is an executable that offers grids, readers or statistics.
type Plugin struct {
	Name    string
	Command []string // executable and arguments; nil: to be found by name
	SHA256  string   // hex; "" if not given
	// Processes share its calls; 0: not given. Memory is the most bytes that each may have; 0: no bound.
	Processes int
	Memory    int64
	As        string // what the configuration calls it and what it offers; "": as they are named
}

// Load reads and checks a configuration file.
func Load(path string) (*Config, []Note, error) {
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil, core.Errorf(core.NotFound, "config", path, "no such file; shipped configurations: %s", strings.Join(Shipped(), ", "))
	} else if err != nil {
		return nil, nil, core.Errorf(core.Invalid, "config", path, "%w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxJSON+1))
	if err != nil {
		return nil, nil, core.Errorf(core.Invalid, "config", path, "%w", err)
	}
	return Parse(path, data)
}

// Parse checks a configuration in YAML or JSON. file is the name that errors and notes give it. The error lists up to
// 20 problems in line order; its code is Unsupported if all of them are keys or values for a later version, else
// Invalid.
func Parse(file string, data []byte) (*Config, []Note, error) {
	root, err := parseDocument(file, data)
	if err != nil {
		return nil, nil, err
	}
	return build(file, root)
}

// build checks a tree and decodes it.
func build(file string, root *node) (*Config, []Note, error) {
	p := &problems{file: file, table: keys()}
	p.check(root, rules(p.table))
	c := &Config{File: file, Pipeline: "spatial", root: root}
	c.Catalog = root.get("catalog").str()
	c.DataSource = p.dataSource(root.get("data_source"))
	c.Aggregation = p.aggregation(root.get("aggregation"), &c.DataSource)
	c.Output = p.output(root.get("output"))
	c.Output.Clock = p.clock(root.get("output").get("time_source"), "field", &c.DataSource)
	c.Output.Windowing = p.windowing(root, c)
	p.checkCompanions(root.get("aggregation").get("variables"), &c.Output, c.Aggregation.Arrays)
	c.Bounds = p.bounds(root.get("bounds"))
	memory, _ := root.get("worker").get("memory").integer()
	c.Worker = Worker{Memory: int(memory), ExtraDisk: root.get("worker").get("extra_disk").boolean(false)}
	c.Plugins = p.plugins(root.get("plugins"))
	slices.SortStableFunc(p.notes, func(a, b Note) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) })
	if err := p.err(); err != nil {
		return nil, p.notes, err
	}
	return c, p.notes, nil
}

//go:embed shipped/*.yaml
var shipped embed.FS

// Shipped lists the names of the configurations that come with zagg, sorted.
func Shipped() []string {
	entries, _ := shipped.ReadDir("shipped") // an embedded folder always reads
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return names
}

// ShippedText is the YAML of a shipped configuration, with its comments; NotFound lists those that exist.
func ShippedText(name string) ([]byte, error) {
	data, err := shipped.ReadFile("shipped/" + name + ".yaml")
	if err != nil {
		return nil, core.Errorf(core.NotFound, "config", name, "no such shipped configuration%s", didYouMean(name, Shipped()))
	}
	return data, nil
}

// Default is a shipped configuration.
func Default(name string) (*Config, []Note, error) {
	data, err := ShippedText(name)
	if err != nil {
		return nil, nil, err
	}
	return Parse(name+".yaml", data)
}

// JSON is the configuration as a job carries it: compact, with the user's keys in the user's order. Parse of it gives
// an equal Config.
func (c *Config) JSON() json.RawMessage {
	root := *c.root
	if root.get("pipeline") == nil {
		root = *root.without("pipeline")
		root.children = append(root.children, &node{kind: kindMap, name: "pipeline",
			children: []*node{{kind: kindString, name: "type", text: "spatial"}}})
	}
	return root.json()
}

// Position is the line and column, from 1, of the value at a dotted key ("data_source.filters[1].expression"), or of
// the nearest part of it that the file has; 0, 0 if it has none.
func (c *Config) Position(key string) (line, col int) {
	_, n := c.root.find(key)
	return n.line, n.col
}

// Errorf is an Invalid error about the value at a dotted key: "run.yaml:12:7: key: text".
func (c *Config) Errorf(key, format string, args ...any) error {
	line, col := c.Position(key)
	return core.Errorf(core.Invalid, "", place(c.File, line, col), key+": "+format, args...)
}

// Override is the configuration with the string at a dotted key replaced, as by a flag of the command line. The key's
// parents must exist.
func (c *Config) Override(key, value string) (*Config, error) {
	root := c.root.clone(nil)
	parentKey, name := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		parentKey, name = key[:i], key[i+1:]
	}
	parent, _ := root.find(parentKey)
	if parent == nil || parent.kind != kindMap {
		return nil, c.Errorf(key, "cannot be set: there is no %s", parentKey)
	}
	n := parent.child(name)
	if n == nil {
		n = &node{parent: parent, name: name, line: parent.line, col: parent.col, keyLine: parent.line, keyCol: parent.col}
		parent.children = append(parent.children, n)
	}
	n.kind, n.text, n.children, n.plain = kindString, value, nil, false
	out, _, err := build(c.File, root)
	return out, err
}
