package levels_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
)

func product() levels.Layout {
	return levels.Layout{
		Product: "P", Version: "1", Groups: []string{"a", "b"}, Latitude: "/{group}/lat", Longitude: "/{group}/lon",
		Columns: []levels.Column{{Name: "h", Path: "/{group}/h", Element: -1, Units: "m"}, {Name: "hist", Path: "/{group}/hist", Element: 2, Units: "1"}},
	}
}

func TestParse(t *testing.T) {
	base := product()
	for name, c := range map[string]struct {
		config string
		change func(*levels.Layout)
	}{
		"nothing":     {``, func(*levels.Layout) {}},
		"null":        {` null `, func(*levels.Layout) {}},
		"empty":       {`{}`, func(*levels.Layout) {}},
		"groups":      {`{"groups": ["b"]}`, func(l *levels.Layout) { l.Groups = []string{"b"} }},
		"no groups":   {`{"groups": []}`, func(l *levels.Layout) { l.Groups = []string{} }},
		"coordinates": {`{"coordinates": {"latitude": "y", "longitude": "x"}}`, func(l *levels.Layout) { l.Latitude, l.Longitude = "y", "x" }},
		"new names": {`{"variables": {"z": "/{group}/z", "b": {"path": "/{group}/m", "column": 0}}}`, func(l *levels.Layout) {
			l.Columns = append(l.Columns, levels.Column{Name: "b", Path: "/{group}/m", Element: 0}, levels.Column{Name: "z", Path: "/{group}/z", Element: -1})
		}},
		"another name has the units of its path": {`{"variables": {"height": "{group}/h", "bin": {"path": "/{group}/hist", "column": 2}, "other": {"path": "/{group}/hist", "column": 1}}}`,
			func(l *levels.Layout) {
				l.Columns = append(l.Columns, levels.Column{Name: "bin", Path: "/{group}/hist", Element: 2, Units: "1"},
					levels.Column{Name: "height", Path: "{group}/h", Element: -1, Units: "m"}, levels.Column{Name: "other", Path: "/{group}/hist", Element: 1})
			}},
		"a name of the product anew": {`{"variables": {"h": "/{group}/other"}}`, func(l *levels.Layout) {
			l.Columns[0] = levels.Column{Name: "h", Path: "/{group}/other", Element: -1}
		}},
	} {
		got, err := levels.Parse(core.Config(c.config), base)
		require.NoError(t, err, name)
		want := product()
		c.change(&want)
		require.Equal(t, want, got, name)
		require.Equal(t, product(), base, "the product's layout is left alone")
	}
}

func TestParseErrors(t *testing.T) {
	for config, want := range map[string]string{
		`{"group": ["a"]}`: `unknown field "group"`,
		`{"coordinates": {"latitude": "y", "lon": "x"}}`: `unknown field "lon"`,
		`{"groups": "a"}`:  "string",
		`{"groups": ["a"]`: "EOF",
		`{} {}`:            "text after the JSON object",
		`{"variables": {"v": {"path": "p", "column": 1, "row": 2}}}`:    "variables.v: want a dataset path, {path, column ≥ 0, raw: true or false, level, asset}",
		`{"variables": {"v": {"path": "p"}}}`:                           "",
		`{"variables": {"v": {"raw": true}}}`:                           "variables.v",
		`{"variables": {"v": {"path": "p", "raw": 1}}}`:                 "variables.v",
		`{"variables": {"v": {"path": "p", "column": -1}}}`:             "variables.v",
		`{"variables": {"v": {"path": "p", "column": 1.5}}}`:            "variables.v",
		`{"variables": {"v": {"path": "p", "column": 99999999999999}}}`: "",
		`{"variables": {"v": 3}}`:                                       "variables.v",
		`[]`:                                                            "array",
	} {
		_, err := levels.Parse(core.Config(config), product())
		if want == "" {
			require.NoError(t, err, config)
			continue
		}
		require.ErrorContains(t, err, want, config)
		require.Equal(t, core.Invalid, core.CodeOf(err), config)
	}
}

func TestNewChecksTheLayout(t *testing.T) {
	for want, change := range map[string]func(*levels.Layout){
		"":  func(*levels.Layout) {},
		" ": func(l *levels.Layout) { l.Groups, l.Latitude, l.Longitude, l.Columns = nil, "lat", "lon", nil },
		"  ": func(l *levels.Layout) {
			l.Groups, l.Latitude = []string{"a"}, "/a/lat"
		},
		"both latitude and longitude need a dataset path": func(l *levels.Layout) { l.Longitude = "" },
		"a column needs a name":                           func(l *levels.Layout) { l.Columns[1].Name = "" },
		"h: a column needs":                               func(l *levels.Layout) { l.Columns[0].Path = "" },
		"hist: a column needs":                            func(l *levels.Layout) { l.Columns[1].Element = -2 },
		"two columns have this name":                      func(l *levels.Layout) { l.Columns[1].Name = "h" },
		"/a/h: the path is the same for all 2 groups":     func(l *levels.Layout) { l.Columns[0].Path = "/a/h" },
		"/lat: the path is the same for all 2 groups":     func(l *levels.Layout) { l.Latitude = "/lat" },
		"there are no groups to put in place of {group}":  func(l *levels.Layout) { l.Groups = nil },
		"a: the group is listed twice":                    func(l *levels.Layout) { l.Groups = []string{"a", "b", "a"} },
		"a group has no name":                             func(l *levels.Layout) { l.Groups = []string{"a", ""} },
	} {
		l := product()
		change(&l)
		r, err := levels.New(l)
		if want == "" || want[0] == ' ' {
			require.NoError(t, err)
			require.NotEmpty(t, r.Info().Groups)
			continue
		}
		require.ErrorContains(t, err, want)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
}

func TestInfo(t *testing.T) {
	r, err := levels.New(product())
	require.NoError(t, err)
	require.Equal(t, core.ProductInfo{Product: "P", Version: "1", Groups: []string{"a", "b"}, Columns: []core.Field{
		{Name: "h", Width: 1, Units: "m"}, {Name: "hist", Width: 1, Units: "1"},
	}}, r.Info())
	r, err = levels.New(levels.Layout{Latitude: "lat", Longitude: "lon"})
	require.NoError(t, err)
	require.Equal(t, []string{""}, r.Info().Groups)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"groups": ["a"], "coordinates": {"latitude": "y", "longitude": "x"}, "variables": {"v": {"path": "p", "column": 1}, "w": "{group}"}}`))
	f.Add([]byte(`{"variables": {"": null}}`))
	f.Fuzz(func(t *testing.T, config []byte) {
		l, err := levels.Parse(config, product())
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err))
			return
		}
		if r, err := levels.New(l); err == nil {
			require.Len(t, r.Info().Columns, len(l.Columns))
		}
	})
}
