package hdfrest

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestSelect(t *testing.T) {
	dims := []uint64{60, 50, 7}
	for text, want := range map[string][]uint64{
		"[0:60:7,0:50:9,0:1]": {9, 6, 1}, "[5,0:3,0:2]": {1, 3, 2}, "[[1,5,9],0:2,0:1]": {3, 2, 1}, "[58:,:,::2]": {2, 50, 4}, "0:1,0:1,0:1": {1, 1, 1},
		" [ 0:1 , 2 , [ 3 ] ] ": {1, 1, 1}, "[0:60:1000,0,0]": {1, 1, 1}, "[[1,2],[3,4],0:2]": {2, 2}, "[1,2],0:2,[3,4]": {2, 2}, "[[9,1],0:2,0]": {2, 2, 1},
	} {
		s, err := parseSelect(text, dims, 1000)
		require.NoError(t, err, text)
		require.Equal(t, want, s.shape, text)
	}
	for _, text := range []string{
		"", "[0:1]", "[0:61,0:1,0:1]", "[-1:2,0:1,0:1]", "[0:4:0,0:1,0:1]", "[a:b,0:1,0:1]", "[5:2,0:1,0:1]", "[2:2,0:1,0:1]", "[60,0,0]", "[0,0,0,0]", "[[],0,0]", "[[60],0,0]",
		"[0:1,0:1,0:1", "0:1,0:1,0:1]", "[[[1]],0,0]", "[+1,0,0]", "[1.5,0,0]", "[0:1:1:1,0,0]", "[[1,2],[1,2,3],0]", "[99999999999999999999,0,0]", "[ 1:2 3,0,0]",
	} {
		_, err := parseSelect(text, dims, 1000)
		require.Error(t, err, text)
	}
	s, err := parseSelect("[[1,2],[3,4],0:2]", dims, 1000)
	require.NoError(t, err)
	require.Equal(t, [][]uint64{{1, 3, 0}, {1, 3, 1}, {2, 4, 0}, {2, 4, 1}}, s.points)
	_, err = parseSelect("[[9,1],:,:]", dims, 100)
	require.Error(t, err, "more points than allowed")
	s, err = parseSelect("[:,:]", []uint64{0, 4}, 10)
	require.NoError(t, err)
	require.Zero(t, s.elements())
}

// What a selection says is what lists of indexes say.
func FuzzSelect(f *testing.F) {
	for _, s := range []string{"[0:3,[1,2]]", "1,2", "[::2,:]", "[[3,1],[1,2]]", "[0:5:7,4]"} {
		f.Add(s, uint16(5), uint16(7))
	}
	f.Fuzz(func(t *testing.T, text string, a, b uint16) {
		dims := []uint64{uint64(a), uint64(b)}
		s, err := parseSelect(text, dims, 1000)
		if err != nil {
			return
		}
		n := uint64(1)
		for i, axis := range s.axes {
			if axis.Points == nil && axis.Count > 0 && axis.Start+(axis.Count-1)*axis.Step >= dims[i] {
				t.Fatalf("%q of %v goes beyond", text, dims)
			}
			for _, p := range axis.Points {
				if p >= dims[i] {
					t.Fatalf("%q of %v goes beyond", text, dims)
				}
			}
		}
		for _, k := range s.shape {
			n *= k
		}
		if s.points != nil && uint64(len(s.points)) != n {
			t.Fatalf("%q: %d points of %v", text, len(s.points), s.shape)
		}
	})
}

var table = &Type{Class: Compound, Members: []Member{
	{"id", &Type{Class: Integer, Size: 8, Signed: true}}, {"x", &Type{Class: Float, Size: 8}}, {"name", &Type{Class: String, Size: 4, Pad: "H5T_STR_NULLPAD"}},
	{"u", &Type{Class: Integer, Size: 8}}, {"v", &Type{Class: String}},
}}

func row(id int64, x float64, name string, u uint64, v string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(id))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	b = append(b, (name + "\x00\x00\x00\x00")[:4]...)
	b = binary.LittleEndian.AppendUint64(b, u)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
}

func TestQuery(t *testing.T) {
	data := append(append(row(-3, 0.25, "a", 1<<63, "one"), row(4, math.NaN(), "bb", 7, "")...), row(9007199254740993, 2, "", 0, "three")...)
	for text, want := range map[string][]uint64{
		"x > 0.1": {0, 2}, "x != x": {1}, "id < 0": {0}, "id == 9007199254740993": {2}, "id > 9007199254740992.0": {2}, "u == 9223372036854775808": {0}, "u > id": {0, 1},
		"name == 'a'": {0}, `name == b"bb" | v == ''`: {1}, "(x > 0) & (id > 0)": {2}, "x>0.1&&id<5": {0}, "name == ''": {2}, "v >= 'one'": {0, 2}, "0.25 == x": {0}, "id >= -3 & x <= 2": {0, 2},
	} {
		c, err := parseQuery(text, table)
		require.NoError(t, err, text)
		_, rows, err := c.filter(table, data, 100)
		require.NoError(t, err)
		require.Equal(t, want, rows, text)
	}
	for _, text := range []string{"", "x", "x >", "x > 'a'", "y > 1", "x > 1 &", "(x > 1", "x > 1)", "x ~ 1", "name == 'a", strings.Repeat("(", 100) + "x>1", "x > 1 2", strings.Repeat("x>1&", 5000)} {
		_, err := parseQuery(text, table)
		require.Error(t, err, text)
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"x > 0.5", "(id == 1 | name == 'a') & u != 3", "v < \"z\"", "x > -1e400"} {
		f.Add(s)
	}
	data := append(row(-3, 0.25, "a", 1<<63, "one"), row(4, math.NaN(), "bb", 7, "")...)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseQuery(text, table)
		if err != nil {
			return
		}
		if _, rows, err := c.filter(table, data, 10); err != nil || len(rows) > 2 {
			t.Fatal(rows, err)
		}
	})
}

// A fixed domain with one dataset of a table and one of numbers, for bodies.
type fixed struct{ id ID }

func (d fixed) Open(context.Context, Name) (Domain, error) { return d, nil }
func (d fixed) Folder(context.Context, Name, string, func(Entry) error) error {
	return core.Errorf(core.NotFound, "", "", "none")
}
func (d fixed) Info() Info {
	return Info{Name: Name{"b", "/a.h5"}, Root: RootID(d.id.Domain), Version: "1"}
}
func (d fixed) Objects(_ context.Context, ids ...ID) ([]Object, error) {
	out := make([]Object, len(ids))
	for i := range ids {
		out[i] = d
	}
	return out, nil
}
func (d fixed) ID() ID                                           { return d.id }
func (d fixed) Attributes(context.Context) ([]Attribute, error)  { return nil, nil }
func (d fixed) Type() *Type                                      { return table }
func (d fixed) Shape() Shape                                     { return Shape{Dims: []uint64{2}} }
func (d fixed) Properties() Properties                           { return Properties{Layout: Contiguous} }
func (d fixed) Stored(context.Context) (int64, int64, error)     { return 0, 0, nil }
func (d fixed) Read(_ context.Context, a []Axis) ([]byte, error) { return d.some(a[0].Len()), nil }
func (d fixed) ReadPoints(_ context.Context, p [][]uint64) ([]byte, error) {
	return d.some(uint64(len(p))), nil
}
func (d fixed) some(n uint64) []byte {
	var b []byte
	for range n {
		b = append(b, row(1, 2, "c", 3, "d")...)
	}
	return b
}

func FuzzBody(f *testing.F) {
	for _, s := range []string{`{"points":[0,1]}`, `{"points":[[1]]}`, `{"select":"[0:1]","fields":"x:id"}`, `{"query":"x > 1"}`, strings.Repeat("[", 99), `{"points":["x"]}`, `{"points":[-1]}`} {
		f.Add([]byte(s), false)
	}
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0}, true)
	id := ID{Kind: DatasetKind}
	s := New(Config{Store: fixed{id}})
	f.Fuzz(func(t *testing.T, body []byte, binary bool) {
		h := http.Header{"Content-Type": {"application/json"}}
		if binary {
			h.Set("Content-Type", "application/octet-stream")
		}
		r := s.Serve(t.Context(), &Request{Method: "POST", Path: "/datasets/" + id.String() + "/value", Query: url.Values{"domain": {"/a.h5"}}, Header: h, Body: body})
		if r.Status >= 500 {
			t.Fatalf("%d %s", r.Status, r.Header)
		}
		if r.Status == 200 && !json.Valid(r.Body) {
			t.Fatalf("%s", r.Body)
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "/groups/g-00000000-00000000-0000-000000-000000/links/a%2Fb", "domain=/a.h5&Limit=3")
	f.Add("POST", "/datasets/d-00000000-00000000-0000-000000-000000/attributes", "domain=a")
	s := New(Config{Store: fixed{ID{Kind: DatasetKind}}, User: "u", Password: "p"})
	f.Fuzz(func(t *testing.T, method, path, query string) {
		q, _ := url.ParseQuery(query)
		r := s.Serve(t.Context(), &Request{Method: method, Path: path, Query: q, Header: http.Header{}})
		if r.Status < 200 || r.Status >= 500 {
			t.Fatalf("%d %s", r.Status, r.Header)
		}
	})
}

func TestIDs(t *testing.T) {
	id := ID{Kind: DatasetKind, Domain: [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, Object: [8]byte{9, 10, 11, 12, 13, 14, 15, 16}}
	require.Equal(t, "d-01020304-05060708-090a-0b0c0d-0e0f10", id.String())
	back, ok := ParseID(id.String())
	require.True(t, ok)
	require.Equal(t, id, back)
	for _, bad := range []string{"", "d-", "x" + id.String()[1:], strings.ToUpper(id.String()), id.String() + "0", strings.Replace(id.String(), "-", "0", 2)} {
		_, ok := ParseID(bad)
		require.False(t, ok, bad)
	}
}

func TestNames(t *testing.T) {
	for text, want := range map[string]string{"/": "/", "/a/b.h5": "/a/b.h5", "/a/": "/a", "/a b/ü.h5": "/a b/ü.h5", "/..a": "/..a"} {
		p, _, err := cleanPath(text)
		require.NoError(t, err)
		require.Equal(t, want, p)
	}
	for _, bad := range []string{"", "a", "../a", "/..", "/a/../b", "/.", "//", "/a//b", "/a\x00", "/a\nb", `/a\b`, "s3://b/k", "/a/.."} {
		_, _, err := cleanPath(bad)
		require.Error(t, err, "%q", bad)
	}
}

func TestAppendString(t *testing.T) {
	for s, want := range map[string]string{"a\"\\\n\x01": `"a\"\\\n\u0001"`, "ü\xff": `"ü\udcff"`, "\xed\xb0\x80": `"\udced\udcb0\udc80"`, "": `""`} {
		require.Equal(t, want, string(appendString(nil, s)))
	}
}

func TestFloats(t *testing.T) {
	for f, want := range map[float64]string{1: "1.0", 1e300: "1e+300", 5e-324: "5e-324", math.Inf(-1): "-Infinity", 0.1: "0.1", 1e21: "1e+21"} {
		require.Equal(t, want, string(appendFloat(nil, f)))
	}
	require.Equal(t, "-0.0", string(appendFloat(nil, math.Copysign(0, -1))))
	require.Equal(t, 1.0, half(0x3c00))
	require.Equal(t, -2.0, half(0xc000))
	require.Equal(t, math.Ldexp(1, -24), half(1))
	require.True(t, math.IsNaN(half(0x7e00)))
}

func TestCredentials(t *testing.T) {
	s := New(Config{Store: fixed{ID{Kind: DatasetKind}}, User: "u", Password: "p", Public: func(n Name) bool { return n.Path == "/open.h5" }})
	ask := func(domain, user, password string) int {
		h := http.Header{}
		if user != "" {
			r := http.Request{Header: h}
			r.SetBasicAuth(user, password)
		}
		return s.Serve(t.Context(), &Request{Method: "GET", Path: "/", Query: url.Values{"domain": {domain}}, Header: h}).Status
	}
	require.Equal(t, 200, ask("/a.h5", "u", "p"))
	require.Equal(t, 401, ask("/a.h5", "u", ""))
	require.Equal(t, 401, ask("/a.h5", "v", "p"))
	require.Equal(t, 403, ask("/a.h5", "", ""))
	require.Equal(t, 200, ask("/open.h5", "", ""))
	require.Equal(t, 401, ask("/open.h5", "u", "x"))
}
