package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlugins(t *testing.T) {
	text, err := ShippedText("atl06")
	require.NoError(t, err)
	digest := strings.Repeat("0aF", 22)[:64]
	c, _, err := Parse("a.yaml", []byte(string(text)+`
plugins:
  - {name: csv, command: [python3, csv.py]}
  - name: planefit
    command: ./plane fit
    sha256: `+digest+`
  - {name: mine}
`))
	require.NoError(t, err)
	require.Equal(t, []Plugin{{Name: "csv", Command: []string{"python3", "csv.py"}}, {Name: "planefit", Command: []string{"./plane fit"}, SHA256: digest}, {Name: "mine"}}, c.Plugins)
	plain, _, err := Default("atl06")
	require.NoError(t, err)
	require.Equal(t, plain.SemanticHash(), c.SemanticHash(), "where a plugin runs changes no value")
	again, _, err := Parse("job", c.JSON())
	require.NoError(t, err)
	require.Equal(t, c.Plugins, again.Plugins)

	for bad, want := range map[string]string{
		"plugins: csv":                               "plugins",
		"plugins: [{command: x}]":                    "name",
		"plugins: [{name: a, command: []}]":          "no executable is given",
		"plugins: [{name: a, command: ''}]":          "no executable is given",
		"plugins: [{name: a, sha256: abc}]":          "64 hexadecimal digits",
		"plugins: [{name: a}, {name: a}]":            "plugin a is listed in line",
		"plugins: [{name: a, commnd: x}]":            "command",
		"plugins: [{name: a, command: [x, {y: z}]}]": "plugins[0].command[1]",
	} {
		_, _, err := Parse("a.yaml", []byte(string(text)+"\n"+bad+"\n"))
		require.ErrorContains(t, err, want, bad)
	}
}
