package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
)

const (
	h5Sample  = "sample/ATL06_20241101010000_01002511_007_01.h5"
	h5Heights = "/gt1l/land_ice_segments/h_li"
)

func TestH5List(t *testing.T) {
	out := ok(t, "h5", "ls", h5Sample)
	require.Equal(t, 51, strings.Count(out, "\n"))
	require.Regexp(t, `(?m)^dataset +h_li +float32 +689 +chunked 10,000 shuffle\[4\] deflate\[9\] +2 attributes$`, out)
	require.Regexp(t, `(?m)^group +gt3r +1 link +0 attributes$`, out)

	out = ok(t, "h5", "ls", h5Sample, "gt1l/land_ice_segments/", "--sizes", "--attrs")
	require.Equal(t, 16, strings.Count(out, "\n"))
	require.Contains(t, out, ", 1,686 bytes in 1 chunk, 1.63 : 1 ")
	require.Contains(t, out, `    @units = "meters"`)
	require.Contains(t, out, `@_FillValue = [3.4028235e+38]`)

	require.Equal(t, 8, strings.Count(ok(t, "h5", "ls", h5Sample, "/", "--depth", "1"), "\n"))
	require.Equal(t, 1, strings.Count(ok(t, "h5", "ls", h5Sample, h5Heights), "\n"))
}

func TestH5ListJSON(t *testing.T) {
	var all []map[string]any
	require.NoError(t, json.Unmarshal([]byte(ok(t, "h5", "ls", h5Sample, "--json", "--sizes")), &all))
	require.Len(t, all, 51)
	require.Equal(t, "/", all[0]["path"])
	for _, o := range all {
		require.NotContains(t, o, "attributes")
		if o["path"] == h5Heights {
			require.EqualValues(t, 2, o["attribute_count"])
			require.EqualValues(t, 1, o["chunk_count"])
			require.Equal(t, []any{10000.0}, o["chunk_shape"])
		}
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "h5", "ls", h5Sample, h5Heights, "--json", "--attrs")), &all))
	require.Equal(t, "meters", all[0]["attributes"].(map[string]any)["units"].(map[string]any)["value"])
}

// The values shown are those that the reader reads.
func TestH5ShowValues(t *testing.T) {
	f, err := h5.Open(t.Context(), &objstore.File{}, h5Sample, h5.Options{})
	require.NoError(t, err)
	d, err := f.Dataset(t.Context(), h5Heights)
	require.NoError(t, err)
	v, err := d.Read(t.Context(), nil)
	require.NoError(t, err)
	all := core.View[float32](v.Data)
	for _, c := range []struct {
		sel  string
		want []float32
	}{
		{"", all}, {":", all}, {"...", all}, {"0:10", all[:10]}, {"-4:", all[685:]}, {"680:9999", all[680:]}, {"5:5", []float32{}},
		{"600::40", []float32{all[600], all[640], all[680]}}, {"[1:3]", all[1:3]},
	} {
		args := []string{"h5", "show", h5Sample, h5Heights, "--json"}
		if c.sel != "" {
			args = append(args, "--select", c.sel)
		}
		var o struct {
			Values []float32 `json:"values"`
			Hash   string    `json:"sha256"`
		}
		require.NoError(t, json.Unmarshal([]byte(ok(t, args...)), &o), c.sel)
		require.Equal(t, c.want, o.Values, c.sel)
		require.Len(t, o.Hash, 64)
	}
	var one struct {
		Values float32 `json:"values"`
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "h5", "show", h5Sample, h5Heights, "--json", "--select", "7")), &one))
	require.Equal(t, all[7], one.Values)
}

func TestH5ShowText(t *testing.T) {
	out := ok(t, "h5", "show", h5Sample, h5Heights, "--chunks")
	for _, want := range []string{
		"  shape       689\n", "  max shape   unlimited\n", "  storage     chunked by 10,000, 1,686 bytes in 1 chunk, 1.63 : 1\n",
		"  filters     shuffle[4] deflate[9]\n", "  fill value  3.4028235e+38\n", "    units       \"meters\"\n",
		"    [1470.56, 1472.83, 1475.09, …, 1582.64, 1578.39, 1574.0]\n", "0x0  0                   689  0\n", "--select shows more",
	} {
		require.Contains(t, out, want)
	}
	require.Contains(t, ok(t, "h5", "show", h5Sample, h5Heights, "--select", "1:3"), "  values [1:3]\n    [1472.83, 1475.09]\n")
	require.Contains(t, ok(t, "h5", "show", h5Sample, "/gt1l/land_ice_segments"), "  links\n    atl06_quality_summary\n    h_li\n")
	require.Equal(t, 51, strings.Count(ok(t, "h5", "show", h5Sample, "/", "--recursive"), "  kind "))
}

// Every type, as text and as JSON.
func TestH5Types(t *testing.T) {
	file := sharedtest.Dir(t, "data", "types.h5")
	for path, want := range map[string][2]string{
		"/num/special": {"[NaN, Infinity, -Infinity, -0.0, 5e-324]", `["NaN","Infinity","-Infinity",-0.0,5e-324]`},
		"/num/u8max":   {"[18446744073709551615, 9007199254740993]", "[18446744073709551615,9007199254740993]"},
		"/bool":        {"[true, false, true]", "[true,false,true]"},
		"/enum":        {"[R, G, R]", "[1,2,1]"},
		"/opaque":      {"[0x010203, 0xff00fe]", `[{"base64":"AQID"},{"base64":"/wD+"}]`},
		"/refs":        {"[→ /links/hard, → /links]", `[{"address":10240,"path":"/links/hard"},{"address":752,"path":"/links"}]`},
		"/cplx":        {"[{r: 1.0, i: 2.0}, {r: -0.0, i: -3.0}]", `[{"r":1.0,"i":2.0},{"r":-0.0,"i":-3.0}]`},
		"/vlen/i4":     {"[[], [0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4, 5]]", "[[],[0,1],[0,1,2,3],[0,1,2,3,4,5]]"},
		"/str/vlen2d":  {"[[\"a\", \"b\"],\n     [\"c\", \"dd\"]]", `[["a","b"],["c","dd"]]`},
		"/scalar/s":    {`"scalar string"`, `"scalar string"`},
		"/null":        {"null", "null"},
		"/lay/zero":    {"[]", "[]"},
	} {
		require.Contains(t, ok(t, "h5", "show", file, path), "  values\n    "+want[0]+"\n", path)
		require.Contains(t, ok(t, "h5", "show", file, path, "--json"), `"values":`+want[1]+`,"sha256":`, path)
	}
	require.Contains(t, ok(t, "h5", "show", file, "/cmp/vstr"), "compound of 18 bytes\n                n: int16 at byte 0\n                s: variable string at byte 2\n")
	require.Contains(t, ok(t, "h5", "show", file, "/named"), "  kind        datatype\n  type        float32\n")
	require.Contains(t, ok(t, "h5", "show", file, "/lay/gzip"), "      …,\n")
	out := ok(t, "h5", "ls", file)
	require.Regexp(t, `(?m)^soft link +dangling → /nope$`, out)
	require.Regexp(t, `(?m)^external link +ext → gran.h5 /gt1l/heights/h_ph$`, out)
	require.Regexp(t, `(?m)^hard link +le_i4 → /links/hard$`, out)
}

// All blocks of a large selection together are the selection.
func TestH5ShowSelection(t *testing.T) {
	file := sharedtest.Dir(t, "data", "types.h5")
	var whole, part struct {
		Values [][][]int64 `json:"values"`
	}
	require.NoError(t, json.Unmarshal([]byte(ok(t, "h5", "show", file, "/lay/gzip", "--json")), &whole))
	require.NoError(t, json.Unmarshal([]byte(ok(t, "h5", "show", file, "/lay/gzip", "--json", "--select", "1:60:7,-3:,::3")), &part))
	require.Len(t, part.Values, 9)
	for i, plane := range part.Values {
		require.Len(t, plane, 3)
		for j, row := range plane {
			require.Len(t, row, 3)
			for k, v := range row {
				require.Equal(t, whole.Values[1+7*i][47+j][3*k], v)
			}
		}
	}
}

func TestH5Errors(t *testing.T) {
	whole, err := os.ReadFile(h5Sample)
	require.NoError(t, err)
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("not HDF5, but long enough to be looked at"), 0o644))
	half := filepath.Join(folder, "half.h5")
	require.NoError(t, os.WriteFile(half, whole[:len(whole)/2], 0o644))
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "accepts between 1 and 2 arg(s)", []string{"ls"}},
		{2, "accepts 2 arg(s)", []string{"show", h5Sample}},
		{2, "unknown flag: --all", []string{"ls", h5Sample, "--all"}},
		{2, "--select and --recursive do not go together", []string{"show", h5Sample, "/", "--recursive", "--select", "1"}},
		{2, `no command "shwo"; did you mean show?`, []string{"shwo"}},
		{1, "no such file", []string{"ls", "nowhere.h5"}},
		{1, "not an HDF5 file", []string{"ls", text}},
		{1, "/nowhere: no such object", []string{"show", h5Sample, "/nowhere"}},
		{1, "index 689 is out of range", []string{"show", h5Sample, h5Heights, "--select", "689"}},
		{1, "names more dimensions than the 1 of the dataset", []string{"show", h5Sample, h5Heights, "--select", "0,0"}},
		{1, "step -1 is not above 0", []string{"show", h5Sample, h5Heights, "--select", "::-1"}},
		{1, `"a" is not a whole number`, []string{"show", h5Sample, h5Heights, "--select", "a"}},
		{1, "is not a dataset", []string{"show", h5Sample, "/gt1l", "--select", "0"}},
		{1, "truncated", []string{"show", half, "/", "--recursive", "--json"}},
	} {
		code, _, stderr := execute(t, "", append([]string{"h5"}, c.args...)...)
		require.Equal(t, c.code, code, "%v\n%s", c.args, stderr)
		require.Contains(t, stderr, c.want, c.args)
	}
}

// A file cut anywhere, or with bytes changed, gives an error or what is left of it, and JSON that parses.
func TestH5Damaged(t *testing.T) {
	whole, err := os.ReadFile(h5Sample)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "damaged.h5")
	try := func(b []byte) {
		require.NoError(t, os.WriteFile(path, b, 0o644))
		for _, args := range [][]string{{"h5", "ls", path, "--sizes", "--json"}, {"h5", "show", path, "/", "--recursive", "--json"}} {
			code, stdout, _ := execute(t, "", args...)
			if code == 0 {
				require.True(t, json.Valid([]byte(stdout)))
			} else {
				require.Equal(t, 1, code)
			}
		}
	}
	for n := 0; n < len(whole); n += 7919 {
		try(whole[:n])
		b := append([]byte{}, whole...)
		for i := range 16 {
			b[(n+i*4099)%len(b)] ^= byte(1 + n + i)
		}
		try(b)
	}
}

// Over HTTPS only ranges are asked for, and what was asked for is told.
func TestH5OverHTTP(t *testing.T) {
	server := httptest.NewServer(http.FileServer(http.Dir("sample")))
	defer server.Close()
	code, stdout, stderr := execute(t, "", "h5", "show", server.URL+"/"+filepath.Base(h5Sample), h5Heights, "--select", "0:2")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "[1470.56, 1472.83]")
	require.Regexp(t, `(?m)^[2-4] requests, [0-9.]+ kB of 180.3 kB read$`, stderr)
}

func TestH5Complete(t *testing.T) {
	out := ok(t, "__complete", "h5", "show", h5Sample, "/gt1l/land_ice_segments/h")
	require.Equal(t, "/gt1l/land_ice_segments/h_li\n/gt1l/land_ice_segments/h_li_sigma\n:6\n", out)
	require.Contains(t, ok(t, "__complete", "h5", "ls", ""), "hdf5\n")
	require.Equal(t, ":4\n", ok(t, "__complete", "h5", "ls", "nowhere.h5", ""))
}
