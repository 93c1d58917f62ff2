package bench

import (
	_ "embed"
	"html/template"

	"github.com/englacial/zagg/core"
)

//go:embed index.html.tmpl
var indexTemplate string

func indexPage() (*template.Template, error) {
	t, err := template.New("index").Funcs(template.FuncMap{"short": short, "thousands": thousands, "number": number}).Parse(indexTemplate)
	if err != nil {
		return nil, core.Errorf(core.Internal, "draw charts", "index.html", "%w", err)
	}
	return t, nil
}
