package config

import (
	"regexp"
	"strings"

	"github.com/englacial/zagg/core"
)

// files reads the addresses of what a reader gets beside each granule.
func (p *problems) files(n *node, d *DataSource) map[string]string {
	placeholders := regexp.MustCompile(`\{[^}]*\}?`)
	var out map[string]string
	for _, f := range n.get("files").list() {
		switch {
		case f.kind != kindString:
			continue
		case f.name == "data" || f.name == "index" || !isName(f.name):
			p.atKey(f, "%q cannot be the name of a file beside granules", f.name)
		case n.get("assets").get(f.name) != nil:
			p.atKey(f, "%q is a sibling of data_source.assets too", f.name)
		case strings.TrimSpace(f.text) == "":
			p.add(f, "empty; expected a path or URL")
		}
		for _, word := range placeholders.FindAllString(f.text, -1) {
			if word != "{name}" && word != "{stem}" && word != "{folder}" {
				p.add(f, "%s is not known; expected {name}, {stem} or {folder} of the granule", word)
			}
		}
		if d.Reader == defaultReader {
			p.note(f, "no effect: the reader %s reads no other files than data_source.assets", defaultReader)
		}
		if out == nil {
			out = map[string]string{}
		}
		out[f.name] = f.text
	}
	return out
}

// FixedFiles are the addresses of files that are the same for all granules, by name.
func (d *DataSource) FixedFiles() map[string]string {
	out := map[string]string{}
	for name, address := range d.Files {
		if !strings.Contains(address, "{") {
			out[name] = address
		}
	}
	return out
}

// WithFiles is a granule with the files beside it. What it has of such a name stays.
func (d *DataSource) WithFiles(g core.Granule) core.Granule {
	if len(d.Files) == 0 {
		return g
	}
	url := g.URL()
	name := core.Address(url).Name()
	stem := name
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		stem = name[:dot]
	}
	plain, _, _ := strings.Cut(url, "?")
	folder := "."
	if slash := strings.LastIndexByte(plain, '/'); slash >= 0 {
		folder = plain[:slash]
	}
	assets := map[string]string{}
	for name, address := range d.Files {
		assets[name] = address
	}
	fill := strings.NewReplacer("{name}", name, "{stem}", stem, "{folder}", folder)
	for name, address := range assets {
		assets[name] = fill.Replace(address)
	}
	for name, address := range g.Assets {
		assets[name] = address
	}
	g.Assets = assets
	return g
}
