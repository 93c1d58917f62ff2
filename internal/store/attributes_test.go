package store

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainAttributes(t *testing.T) {
	for in, want := range map[string]string{
		`"text"`: `"text"`, `1.5`: `1.5`, `18446744073709551615`: `18446744073709551615`, `-1e-3`: `-1e-3`,
		`["a","b"]`: `["a","b"]`, `[1, 2.5]`: `[1,2.5]`, ` [ 1 ] `: `[1]`,
		`true`: `"true"`, `null`: `"null"`, `[]`: `"[]"`, `[true]`: `"[true]"`, `[1,"a"]`: `"[1,\"a\"]"`, `[[1],[2]]`: `"[[1],[2]]"`,
		`{ "a": {"b": [1]} }`: `"{\"a\":{\"b\":[1]}}"`, `[{"a":1}]`: `"[{\"a\":1}]"`, `[1,null]`: `"[1,null]"`,
	} {
		got, err := plainAttributes(json.RawMessage(`{"k":` + in + `}`))
		require.NoError(t, err, in)
		var value map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(got, &value))
		require.JSONEq(t, want, string(value["k"]), in)
		again, err := plainAttributes(got)
		require.NoError(t, err)
		require.Equal(t, string(got), string(again), "plain attributes stay as they are")
	}
	empty, err := plainAttributes(nil)
	require.NoError(t, err)
	require.Empty(t, empty)
	_, err = plainAttributes(json.RawMessage(`[]`))
	require.Error(t, err)
}

// Stores of earlier versions have the object, later ones its text.
func TestOrigin(t *testing.T) {
	for _, attrs := range []string{`{"zagg":{"grid":"h3","group":"9"}}`, `{"zagg":"{\"grid\":\"h3\",\"group\":\"9\"}"}`} {
		o, err := OriginOf(json.RawMessage(attrs))
		require.NoError(t, err)
		require.Equal(t, "h3", o.Grid)
		group, ok := GroupOf(json.RawMessage(attrs))
		require.True(t, ok)
		require.Equal(t, "9", group)
	}
	for _, attrs := range []string{`{}`, `[]`, `{"zagg":"9"}`, `{"zagg":"{\"group\":\"../9\"}"}`, `{"zagg":{"group":1}}`} {
		_, ok := GroupOf(json.RawMessage(attrs))
		require.False(t, ok, attrs)
	}
	root, err := rootAttributes("12")
	require.NoError(t, err)
	group, ok := GroupOf(root)
	require.True(t, ok)
	require.Equal(t, "12", group)
}
