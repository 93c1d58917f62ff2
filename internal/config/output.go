package config

import (
	"regexp"
	"time"

	"github.com/englacial/zagg/core"
)

// Output says where and how it is written.
type Output struct {
	Grid        Grid
	Store       string // path or s3:// address; "" if not given
	ProductName string // folder below the store; "" if not given
	Compression Compression
	Consolidate bool       // metadata of all arrays in the group's
	EndpointURL string     // S3-compatible service; "" if not given
	Region      string     // "" if not given
	Clock       *Clock     // of the observations; nil: not known
	Windowing   *Windowing // windows of time; nil: there are none
}

// Grid is which grid, and what it is made from.
type Grid struct {
	Type   string      // name of the grid: "healpix"
	Layout string      // "fullsphere" or "compact"
	Config core.Config // the other keys, which only the grid knows, in the order given
}

// Compression is how chunks are compressed.
type Compression struct {
	Codec string // "zstd" or "none"
	Level int    // of zstd
}

func (p *problems) output(n *node) Output {
	out := Output{Store: n.get("store").str(), EndpointURL: n.get("endpoint_url").str(), Region: n.get("region").str(),
		ProductName: n.get("product_name").str(), Consolidate: n.get("consolidate_metadata").boolean(true)}
	if n == nil {
		return out
	}
	if g := n.get("grid"); g != nil && g.kind == kindMap {
		out.Grid = Grid{Type: g.get("type").str(), Layout: g.get("layout").str(), Config: g.without("type", "layout").json()}
		if out.Grid.Layout == "" {
			out.Grid.Layout = "fullsphere"
		}
	}
	if out.ProductName != "" && (!regexp.MustCompile(`^[a-z0-9_-]{1,192}$`).MatchString(out.ProductName) ||
		regexp.MustCompile(`^-?[1-6]$`).MatchString(out.ProductName)) {
		p.add(n.get("product_name"), "%q is not a product name; expected 1 to 192 of a-z, 0-9, _ and -, and not a base cell such as -5", out.ProductName)
	}
	if l := n.get("store_layout"); l.str() == "hive" {
		p.note(l, "one store is written, not one for each shard")
	}
	out.Compression = p.compression(n.get("compression"))
	return out
}

func (p *problems) compression(n *node) Compression {
	c := Compression{Codec: n.str(), Level: 3}
	if n != nil && n.kind == kindMap {
		c.Codec = n.get("codec").str()
		if l := n.get("level"); l != nil {
			v, ok := l.integer()
			if l.kind == kindInt && (!ok || v < 1 || v > 22) {
				p.add(l, "%s is not a level of zstd; expected 1 to 22", l.text)
			}
			if c.Codec == "none" {
				p.atKey(l, "none has no level")
			}
			c.Level = int(v)
		}
	}
	if c.Codec == "" {
		c.Codec = "zstd"
	}
	if c.Codec == "none" {
		c.Level = 0
	}
	return c
}

func (p *problems) bounds(n *node) Bounds {
	t := n.get("temporal")
	b := Bounds{Start: t.get("start_date").str(), End: t.get("end_date").str(), Spatial: n.get("spatial").json()}
	for _, k := range []string{"start_date", "end_date"} {
		if x := t.get(k); x.str() != "" && !isDate(x.text) {
			p.add(x, "%s is not a date; expected YYYY-MM-DD", show(x))
		}
	}
	return b
}

func isDate(s string) bool {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}
