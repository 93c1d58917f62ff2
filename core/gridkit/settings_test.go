package gridkit

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestSettings(t *testing.T) {
	known, short := []string{"type", "size", "flag"}, map[string]string{"sz": "size"}
	read := func(config string) (size int, flag bool, err error) {
		s := Read("test config", core.Config(config), "size", known, short)
		s.OneOf("type", "test", "other")
		s.Whole("size", "a size", 9, &size, true)
		s.Bool("flag", &flag)
		return size, flag, s.Err()
	}
	for _, good := range []string{`{"size":7,"flag":true}`, `{"sz":7,"flag":true,"type":"other"}`, ` {"type":null,"flag":true,"size":7} `} {
		size, flag, err := read(good)
		require.NoError(t, err, good)
		require.Equal(t, 7, size)
		require.True(t, flag)
	}
	for bad, text := range map[string]string{
		``: "want a JSON object with size", `null`: "want a JSON object", `[1]`: "want a JSON object", `{"size":7} 1`: "something follows", `{"size":7}}`: "something follows",
		`{"size":7`: "not JSON", `{"size":`: "size: not JSON", `{"size":7,"sz":7}`: "size: given twice", `{"size":null,"size":7}`: "size: given twice",
		`{"siez":7}`: `siez: no such key; did you mean "size"? Have type, size, flag`, `{"altogether":1}`: "altogether: no such key; have type, size, flag",
		`{}`: "size: missing; want a size, 0 to 9", `{"size":10}`: "size: 10 is not a size, a whole number from 0 to 9", `{"size":-1}`: "-1 is not a size", `{"size":1.5}`: "1.5 is not",
		`{"size":7,"flag":1}`: "flag: 1 is neither true nor false", `{"size":7,"type":"no"}`: `type: "no" is not possible; have test, other`, `{"type":1}`: "type: 1 is not possible",
	} {
		_, _, err := read(bad)
		require.ErrorContains(t, err, text, bad)
		require.Equal(t, core.Invalid, core.CodeOf(err), bad)
	}
}

func TestCover(t *testing.T) {
	regions := make([]core.Region, 500)
	for i := range regions {
		regions[i].Margin = float64(i)
	}
	worker := func() func(core.Region) ([]core.ShardKey, error) {
		return func(r core.Region) ([]core.ShardKey, error) {
			if r.Margin == 499 {
				return nil, core.Errorf(core.Unsupported, "", "", "too far")
			}
			return []core.ShardKey{core.ShardKey(rune('0' + int(r.Margin)%10))}, nil
		}
	}
	covers, err := Cover("test.Cover", regions[:499], worker)
	require.NoError(t, err)
	for i, keys := range covers {
		require.Equal(t, []core.ShardKey{core.ShardKey(rune('0' + i%10))}, keys)
	}
	_, err = Cover("test.Cover", regions, worker)
	require.ErrorContains(t, err, "region 499: too far")
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	none, err := Cover("test.Cover", nil, func() func(core.Region) ([]core.ShardKey, error) { panic(errors.New("no region, no worker")) })
	require.NoError(t, err)
	require.Empty(t, none)
}
