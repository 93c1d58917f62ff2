package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever is given, Parse ends in an error or in a configuration that survives the trip through JSON.
func FuzzParse(f *testing.F) {
	for _, name := range Shipped() {
		text, err := ShippedText(name)
		require.NoError(f, err)
		f.Add(text)
		c, _, err := Parse(name, text)
		require.NoError(f, err)
		f.Add([]byte(c.JSON()))
	}
	f.Add([]byte(minimal))
	f.Add([]byte("a: &a [1, *a]\n<<: {b: .nan}\n? k\n: !!str |\n  x\n"))
	for _, c := range badConfigs() {
		f.Add([]byte(edit(f, c.from, c.to)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _, err := Parse("fuzz.yaml", data)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		requireSame(t, c)
		c.Position("data_source.variables.x[1]")
	})
}

func BenchmarkParseJSON(b *testing.B) {
	c, _, err := Default("atl06")
	require.NoError(b, err)
	data := c.JSON()
	for b.Loop() {
		if _, _, err := Parse("job", data); err != nil {
			b.Fatal(err)
		}
	}
}
