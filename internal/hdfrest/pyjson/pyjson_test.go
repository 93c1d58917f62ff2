package pyjson

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValues(t *testing.T) {
	r, err := Check([]byte(` {"a": [1, -2.5e3, NaN, -Infinity, 18446744073709551615], "b\u00fc\ud83d\ude00\udc80": {"c": null}, "a": "x\"\\\n", "d": true} `), 8)
	require.NoError(t, err)
	m := r.Members()
	require.Len(t, m, 3)
	require.Equal(t, "x\"\\\n", r.Get("a").Text(), "of two with one name the last")
	require.Equal(t, "bü😀\x80", m[1].Name)
	require.Nil(t, r.Get("z"))
	require.True(t, r.Get("d").Bool())
	list, err := Check([]byte(`[1,-2.5e3,NaN,-Infinity,18446744073709551615,3.0,1e400]`), 2)
	require.NoError(t, err)
	items := list.Items()
	require.Len(t, items, 7)
	require.Equal(t, "18446744073709551615", string(items[4]))
	v, err := items[5].Int()
	require.NoError(t, err)
	require.EqualValues(t, 3, v)
	_, err = items[2].Int()
	require.Error(t, err)
	for _, bad := range []string{"", "{", "[1,]", `{"a"}`, `{"a":1,}`, "01", "1.", "nul", `"a`, `"\x"`, `"\u00g0"`, "[1] 2", "-", "+1", "[[[1]]]", "\"\n\""} {
		_, err := Check([]byte(bad), 2)
		require.Error(t, err, bad)
	}
}

// What Go's own reader takes is taken, with the same meaning.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5,"x\u00fc",null,true,{"b":NaN}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Check(text, 64)
		if err != nil {
			return
		}
		var walk func(Raw)
		walk = func(r Raw) {
			if len(r) == 0 || r.Kind() == 0 {
				t.Fatalf("an empty part of %q", text)
			}
			_, _ = r.Int()
			_ = r.Text()
			for _, x := range r.Items() {
				walk(x)
			}
			for _, m := range r.Members() {
				walk(m.Value)
			}
		}
		walk(r)
		var list []json.RawMessage
		if json.Unmarshal(text, &list) == nil && r.Kind() == Array && len(list) != len(r.Items()) {
			t.Fatalf("%d items, not %d", len(r.Items()), len(list))
		}
	})
}
