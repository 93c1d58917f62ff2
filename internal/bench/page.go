package bench

import (
	"bytes"
	_ "embed"
	"html/template"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
)

//go:embed index.html.tmpl
var indexTemplate string

func indexPage() (*template.Template, error) {
	t, err := template.New("index").Funcs(template.FuncMap{"short": short, "thousands": humanize.Comma, "number": number}).Parse(indexTemplate)
	if err != nil {
		return nil, core.Errorf(core.Internal, "draw charts", "index.html", "%w", err)
	}
	return t, nil
}

// WriteSite writes the index page and its charts, PNG and SVG, into a folder.
func WriteSite(dir string, series []Record) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return core.Wrap(err, "draw charts", dir)
	}
	files := map[string][]byte{}
	var page bytes.Buffer
	if err := index(&page, series); err != nil {
		return err
	}
	files["index.html"] = page.Bytes()
	for _, c := range charts() {
		for _, format := range []string{"png", "svg"} {
			var picture bytes.Buffer
			if err := c.Draw(&picture, format, series); err != nil {
				return err
			}
			files[c.Name+"."+format] = picture.Bytes()
		}
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return core.Wrap(err, "draw charts", name)
		}
	}
	return nil
}
