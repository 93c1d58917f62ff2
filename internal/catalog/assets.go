package catalog

import (
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Link is a file that belongs to a granule, as a catalog writes it.
type Link struct {
	Name string // of the asset
	Href string
	Role string // "data", "metadata", "thumbnail", …; "" if it does not say
}

// Rules say what becomes of a granule's links.
type Rules struct {
	Thumbnails bool   // keep pictures
	Data       string // name of the asset that is the granule's file; "": found by name, role and ending
}

// Assign sorts links into g.Data and g.Siblings. Addresses of one file by S3 and by HTTPS are brought together: assets
// "x" and "x_s3", or the same name of the file. A granule without a data file, or with several and no rule which it is,
// is an error.
func (r Rules) Assign(g *Entry, links []Link) error {
	name, data := r.data(links)
	if len(data) == 0 {
		return core.Errorf(core.Corrupt, "catalog", g.ID, "no link to a file of data; have %s", names(links))
	}
	if files := fileNames(data); len(files) > 1 {
		return core.Errorf(core.Invalid, "catalog", g.ID, "which file is the granule's: %s? Choose an asset by name; have %s", strings.Join(files, " or "), names(links))
	}
	for _, l := range data {
		g.Data.add(l.Href)
	}
	for _, l := range links {
		base := strings.TrimSuffix(l.Name, "_s3")
		if base == name || slices.Contains(data, l) || !r.Thumbnails && isPicture(l) || l.Href == "" {
			continue
		}
		if g.Siblings == nil {
			g.Siblings = map[string]Address{}
		}
		a := g.Siblings[base]
		a.add(l.Href)
		g.Siblings[base] = a
	}
	return nil
}

// data finds the links to the granule's file: the asset of a given name, else "data", else those whose names end as data
// does, else those whose role says so.
func (r Rules) data(links []Link) (name string, data []Link) {
	of := func(is func(Link) bool) []Link {
		var out []Link
		for _, l := range links {
			if is(l) && l.Href != "" && !isPicture(l) {
				out = append(out, l)
			}
		}
		return out
	}
	name = r.Data
	if name == "" {
		name = "data"
	}
	data = of(func(l Link) bool { return l.Name == name || l.Name == name+"_s3" })
	if len(data) > 0 || r.Data != "" {
		return name, data
	}
	isData := func(l Link) bool { return IsData(l.Href) && l.Role != "metadata" }
	if data = of(func(l Link) bool { return isData(l) && l.Role == "data" }); len(data) == 0 {
		data = of(isData)
	}
	if len(data) == 0 {
		data = of(func(l Link) bool { return l.Role == "data" })
	}
	return "", data
}

func fileNames(links []Link) []string {
	var out []string
	for _, l := range links {
		if id := FileID(l.Href); !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func isPicture(l Link) bool {
	if l.Role == "thumbnail" || l.Role == "overview" || l.Role == "browse" || l.Role == "visual" {
		return true
	}
	lower := strings.ToLower(l.Href)
	return slices.ContainsFunc([]string{".jpg", ".jpeg", ".png", ".gif"}, func(s string) bool { return strings.HasSuffix(lower, s) })
}

func names(links []Link) string {
	if len(links) == 0 {
		return "none"
	}
	var out []string
	for _, l := range links {
		out = append(out, l.Name)
		if len(out) == 12 && len(links) > 12 {
			out = append(out, "…")
			break
		}
	}
	return strings.Join(out, ", ")
}
