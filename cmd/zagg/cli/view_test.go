package cli

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/internal/view"
	"github.com/englacial/zagg/plugins/all"
)

// manyKinds is a configuration of variables of all kinds, one of them described by somebody hostile, on a grid.
const manyKinds = `data_source:
  reader: atl06
  variables: {h_li: "/{group}/land_ice_segments/h_li"}
aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_mean: {function: mean, source: h_li, dtype: float32, attrs: {long_name: "<img src=x onerror=alert(1)>", units: "<b>m</b>"}}
    h_q3: {function: quantile, source: h_li, params: {q: [0.25, 0.5, 0.75]}, kind: vector, trailing_shape: [3], dtype: float32}
    h_tdigest: {function: tdigest, source: h_li, kind: ragged, inner_shape: [2], params: {delta: 100}, dtype: float32}
output:
  grid: `

func viewGrids() map[string]string {
	return map[string]string{
		"healpix":     "{type: healpix, parent_order: 6, child_order: 12, layout: compact}",
		"fullsphere":  "{type: healpix, parent_order: 6, child_order: 12, layout: fullsphere}",
		"h3":          "{type: h3, parent_resolution: 4, child_resolution: 8, layout: compact}",
		"rectilinear": `{type: rectilinear, crs: "EPSG:3031", resolution: 5000, bounds: [-3200000, -3200000, 3200000, 3200000], chunk_shape: [256, 256]}`,
	}
}

// kindsStore is a store of manyKinds.
func kindsStore(t *testing.T, grid string) string {
	t.Helper()
	folder := t.TempDir()
	config := filepath.Join(folder, "c.yaml")
	require.NoError(t, os.WriteFile(config, []byte(manyKinds+viewGrids()[grid]+"\n"), 0o644))
	store := filepath.Join(folder, "kinds.zarr")
	ok(t, "run", "--config", config, "--granules", "sample", "--store", store, "-q")
	return store
}

// serveView runs `zagg view` on a free port until the test ends, or stop is called, which gives its exit code.
func serveView(t *testing.T, args ...string) (page string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- Run(ctx, append([]string{"view"}, args...), strings.NewReader(""), w, io.Discard, all.Plugins()...)
		w.Close()
	}()
	page, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	stop = stopper(t, cancel, code)
	return strings.TrimSpace(page), stop
}

func get(t *testing.T, url string, into any) *http.Response {
	t.Helper()
	answer, err := http.Get(url)
	require.NoError(t, err)
	defer answer.Body.Close()
	if into != nil {
		require.Equal(t, http.StatusOK, answer.StatusCode, url)
		require.NoError(t, json.NewDecoder(answer.Body).Decode(into))
	}
	return answer
}

// wholeTile asks for a tile until all shards are in it.
func wholeTile(t *testing.T, url string) []float32 {
	t.Helper()
	for {
		answer, err := http.Get(url)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, http.StatusOK, answer.StatusCode, "%s %s", url, body)
		require.Empty(t, answer.Header.Get("X-Zagg-Failed"))
		if answer.Header.Get("X-Zagg-Pending") != "0" {
			continue
		}
		return numbersOfTile(t, body)
	}
}

func numbersOfTile(t *testing.T, body []byte) []float32 {
	t.Helper()
	if len(body) == 0 {
		return nil
	}
	z, err := gzip.NewReader(strings.NewReader(string(body)))
	require.NoError(t, err)
	raw, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Len(t, raw, 256*256*4)
	out := make([]float32, 256*256)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

// Stores on every grid are shown: each kind of variable, tiles of every projection that hold what `zagg info --cell` says of the cell.
func TestView(t *testing.T) {
	for grid := range viewGrids() {
		if grid != "healpix" && !sharedtest.Sweep() {
			continue
		}
		t.Run(grid, func(t *testing.T) {
			store := kindsStore(t, grid)
			page, stop := serveView(t, store, "h_mean", "h_tdigest@q97.5")
			var first view.Page
			get(t, page+"view.json", &first)
			require.Equal(t, "south", first.Plane)
			require.Equal(t, "h_mean", first.Variables[first.First].Name)
			require.Equal(t, "<img src=x onerror=alert(1)>", first.Variables[0].Title, "the page shows it as text")
			var names []string
			for _, v := range first.Variables {
				names = append(names, v.Name)
			}
			for _, want := range []string{"h_tdigest@q97.5", "count", "h_q3[0]", "h_q3[2]", "h_tdigest@q50", "shards: granules"} {
				require.Contains(t, names, want)
			}
			var cells []struct{ Lon, Lat, Mean, Median float64 }
			for _, line := range strings.Split(strings.TrimSpace(exported(t, store)), "\n")[1:] {
				var c struct{ Lon, Lat, Mean, Median float64 }
				parts := strings.Split(line, ",")
				for i, to := range []*float64{&c.Lon, &c.Lat, &c.Mean, &c.Median} {
					require.NoError(t, json.Unmarshal([]byte(parts[i]), to))
				}
				cells = append(cells, c)
			}
			for i := range 3 {
				c := cells[i*(len(cells)-1)/2]
				for _, plane := range []string{"south", "equal-south", "equal", "plate"} {
					require.InDelta(t, c.Mean, valueAt(t, page, plane, slices.Index(names, "h_mean"), c.Lon, c.Lat), 1e-3, plane)
					require.InDelta(t, c.Median, valueAt(t, page, plane, slices.Index(names, "h_q3[1]"), c.Lon, c.Lat), 1e-3, plane)
				}
				var place view.Place
				get(t, page+"cell.json?lon="+number(c.Lon)+"&lat="+number(c.Lat), &place)
				require.InDelta(t, c.Lon, place.Lon, 1e-9)
				require.NotEmpty(t, place.Outline)
				require.Positive(t, place.Record.Count)
				require.NotEmpty(t, place.Record.Granules)
				require.NotEmpty(t, place.Values)
			}
			require.Equal(t, 404, get(t, page+"cell.json?lon=0&lat=80", nil).StatusCode)
			var shards []view.PageShard
			get(t, page+"shards.json", &shards)
			require.Len(t, shards, first.State.Done)
			require.Zero(t, stop(), "interrupted, it ends as if it were done")
		})
	}
}

func number(v float64) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// exported is lon, lat, h_mean and the median of each cell.
func exported(t *testing.T, store string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "x.csv")
	ok(t, "export", store, "--to", "csv", "--variables", "h_mean,h_q3", "-o", out)
	lines := strings.Split(string(readFile(t, out)), "\n")
	head := strings.Split(lines[0], ",")
	var b strings.Builder
	for _, line := range lines[:len(lines)-1] {
		parts := strings.Split(line, ",")
		for i, name := range []string{"lon", "lat", "h_mean", "h_q3_1"} {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(parts[slices.Index(head, name)])
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// valueAt is the pixel of a place, of tiles in which a cell has some 20 pixels.
func valueAt(t *testing.T, page, plane string, variable int, lon, lat float64) float64 {
	t.Helper()
	p, err := plot.PlaneOf(plane)
	require.NoError(t, err)
	const zoom, world, side = 11, 20480.0, 256
	x, y := p.Forward(lon, lat)
	size := 2 * world / (1 << zoom)
	tx, ty := (x+world)/size, (world-y)/size
	url := page + "tiles/" + number(float64(variable)) + "/" + plane + "/11/" + number(math.Floor(tx)) + "/" + number(math.Floor(ty)) + ".bin"
	tile := wholeTile(t, url)
	require.NotNil(t, tile, url)
	return float64(tile[int((ty-math.Floor(ty))*side)*side+int((tx-math.Floor(tx))*side)])
}

// The server reads only, answers to addresses and names it was told, and to nothing that is not there.
func TestViewRefuses(t *testing.T) {
	store := sampleStore(t)
	page, _ := serveView(t, store, "--host", "maps.example")
	host := strings.TrimSuffix(strings.TrimPrefix(page, "http://"), "/")
	_, port, err := net.SplitHostPort(host)
	require.NoError(t, err)
	status := func(method, path, name string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, page+path, nil)
		require.NoError(t, err)
		if name != "" {
			r.Host = name
		}
		answer, err := http.DefaultTransport.RoundTrip(r)
		require.NoError(t, err)
		answer.Body.Close()
		require.Contains(t, answer.Header.Get("Content-Security-Policy"), "default-src 'none'; script-src 'self'")
		require.Equal(t, "nosniff", answer.Header.Get("X-Content-Type-Options"))
		require.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"))
		return answer.StatusCode
	}
	for _, name := range []string{"", "localhost:" + port, "localhost", "127.0.0.1", "[::1]:" + port, "maps.example", "MAPS.example:80"} {
		require.Equal(t, 200, status("GET", "", name), name)
	}
	for _, name := range []string{"evil.example", "evil.example:" + port, "localhost.evil.example", "127.0.0.1.evil.example", "xn--localhost", "maps.example.evil"} {
		require.Equal(t, 421, status("GET", "", name), name)
		require.Equal(t, 421, status("GET", "view.json", name), name)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		require.Equal(t, 405, status(method, "view.json", ""), method)
	}
	for _, path := range []string{"tiles/0/south/25/0/0", "tiles/0/south/1/2/0", "tiles/0/south/1/-1/0", "tiles/99/south/0/0/0", "tiles/-1/south/0/0/0", "tiles/0/mercator/0/0/0",
		"tiles/x/south/0/0/0", "tiles/0/south/0/0/99999999999999999999", "zarr.json", "cells/x.json", "page/app.js"} {
		require.Equal(t, 404, status("GET", path, ""), path)
	}
	for _, path := range []string{"../zarr.json", "%2e%2e/%2e%2e/etc/passwd", "..%2fserver.go", "//etc/passwd"} {
		require.NotEqual(t, 200, status("GET", path, ""), path)
	}
	for _, q := range []string{"", "lon=1", "lon=x&lat=1", "lon=NaN&lat=1", "lon=1&lat=91", "lon=1e9&lat=0"} {
		require.Equal(t, 400, status("GET", "cell.json?"+q, ""), q)
	}
	require.Equal(t, 414, status("GET", "cell.json?lon="+strings.Repeat("1", 3000), ""))

	for want, args := range map[string][]string{
		"no such variable":      {store, "h_meen"},
		"no such projection":    {store, "--export", t.TempDir(), "--projection", "mercator"},
		"the folder is not emp": {store, "--export", "sample"},
		"--most-tiles":          {store, "--export", t.TempDir(), "--most-tiles", "3"},
		"listen":                {store, "--port", port},
		"zarr.json":             {filepath.Join(t.TempDir(), "none.zarr")},
	} {
		code, _, errs := execute(t, "", append([]string{"view"}, args...)...)
		require.NotZero(t, code, want)
		require.Contains(t, errs, want)
	}
}

// A run under way is seen as it goes on: shards that are to come, and those that are done since; damage is said, and hides nothing else.
func TestViewOfARun(t *testing.T) {
	store, folder := sampleStore(t), t.TempDir()
	records := filepath.Join(store+".status", "records")
	entries, err := os.ReadDir(records)
	require.NoError(t, err)
	require.Greater(t, len(entries), 3)
	last := entries[len(entries)-1].Name()
	require.NoError(t, os.Rename(filepath.Join(records, last), filepath.Join(folder, last)))
	shardMap := filepath.Join(folder, "map.json")
	granules, err := filepath.Glob("sample/*.h5")
	require.NoError(t, err)
	ok(t, "catalog", "--config", "sample/demo.yaml", "--bbox=-180,-90,180,-70", "--output", shardMap, granules[0])
	page, _ := serveView(t, store, "--shardmap", shardMap)
	var first view.Page
	get(t, page+"view.json", &first)
	require.Equal(t, len(entries)-1, first.State.Done)
	require.Positive(t, first.State.Planned)

	require.NoError(t, os.Rename(filepath.Join(folder, last), filepath.Join(records, last)))
	until(t, func() bool {
		var s view.State
		get(t, page+"state.json", &s)
		return s.Done == len(entries) && s.Version > first.State.Version
	})
	require.NoError(t, os.Remove(filepath.Join(records, last)))
	until(t, func() bool {
		var s view.State
		get(t, page+"state.json", &s)
		return s.Done == len(entries)-1
	})

	alone, _ := serveView(t, shardMap)
	get(t, alone+"view.json", &first)
	require.Equal(t, "granules", first.Variables[0].Name)
	require.NotNil(t, wholeTile(t, alone+"tiles/0/"+first.Plane+"/0/0/0.bin"))
}

// A store behind a web server is shown by the server's pages of folders, and without them by a shard map.
func TestViewOverHTTP(t *testing.T) {
	store := sampleStore(t)
	records, err := os.ReadDir(filepath.Join(store+".status", "records"))
	require.NoError(t, err)
	listing := true
	files := http.FileServer(http.Dir(filepath.Dir(store)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") && !listing {
			http.NotFound(w, r)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	address := server.URL + "/" + filepath.Base(store)
	shown := func(args ...string) view.Page {
		page, stop := serveView(t, args...)
		var p view.Page
		until(t, func() bool {
			get(t, page+"view.json", &p)
			return p.State.Done == len(records) || p.State.Fault != ""
		})
		if p.State.Fault == "" {
			require.NotNil(t, wholeTile(t, page+"tiles/0/"+p.Plane+"/0/0/0.bin"))
		}
		stop()
		return p
	}
	require.Empty(t, shown(address, "h_mean").State.Fault)
	listing = false
	require.Contains(t, shown(address).State.Fault, "--shardmap")
}

// until asks again and again, as the page does.
func until(t *testing.T, reached func() bool) {
	t.Helper()
	require.Eventually(t, reached, 30*time.Second, 100*time.Millisecond)
}

// A site without a server has the same tiles, and the values of cells.
func TestViewExport(t *testing.T) {
	store, site := sampleStore(t), filepath.Join(t.TempDir(), "site")
	out := ok(t, "view", store, "h_mean", "--export", site)
	require.Contains(t, out, "index.html: ")
	var p struct {
		view.Page
		Zoom map[string]int `json:"static_zoom"`
	}
	require.NoError(t, json.Unmarshal(readFile(t, filepath.Join(site, "view.json")), &p))
	require.True(t, p.Static)
	require.Len(t, p.Planes, 1)
	require.Equal(t, "h_mean", p.Variables[0].Name)
	var keys []string
	require.NoError(t, json.Unmarshal(readFile(t, filepath.Join(site, "tiles", "0", "index.json")), &keys))
	require.NotEmpty(t, keys)
	page, _ := serveView(t, store, "h_mean")
	for _, key := range []string{keys[0], keys[len(keys)-1]} {
		require.Contains(t, key, p.Plane+"/")
		served := wholeTile(t, page+"tiles/0/"+key+".bin")
		written := numbersOfTile(t, readFile(t, filepath.Join(site, "tiles", "0", key+".bin")))
		for i := range served {
			require.True(t, served[i] == written[i] || served[i] != served[i] && written[i] != written[i], "%s %d", key, i)
		}
	}
	for _, name := range []string{"index.html", "coast.json", "shards.json"} {
		require.FileExists(t, filepath.Join(site, name))
	}
	modules, err := filepath.Glob(filepath.Join(site, "*.js"))
	require.NoError(t, err)
	require.NotEmpty(t, modules)
	for _, m := range modules { // all of them are asked for at once: one that only another names would come a request later
		require.Contains(t, string(readFile(t, filepath.Join(site, "index.html"))), `="`+filepath.Base(m)+`"`)
	}
	cells, err := os.ReadDir(filepath.Join(site, "cells"))
	require.NoError(t, err)
	require.NotEmpty(t, cells)
}
