package cli

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// A browser is a headless Chromium that is told what to do through its DevTools protocol, over a pipe.
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	id      int
	session string
	said    []string // exceptions, errors on the console, what the page's policy has forbidden
}

// chromium starts one, or skips the test where there is none.
func chromium(t *testing.T) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium on this machine")
	}
	theirs, to, err := os.Pipe()
	require.NoError(t, err)
	from, ours, err := os.Pipe()
	require.NoError(t, err)
	folder, err := os.MkdirTemp("", "zagg-browser-*") // not the test's own: what the browser started may write for a moment after its end
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir="+folder, "--remote-debugging-pipe", "about:blank")
	c.ExtraFiles = []*os.File{theirs, ours}
	require.NoError(t, c.Start())
	theirs.Close()
	ours.Close()
	b := &browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	t.Cleanup(func() {
		to.Close()
		_ = c.Process.Kill()
		_ = c.Wait()
		from.Close()
		_ = os.RemoveAll(folder)
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": 1100, "height": 760, "deviceScaleFactor": 1, "mobile": false}, nil)
	return b
}

// call asks for one thing and notes what the page says in the meantime.
func (b *browser) call(method string, params, into any) {
	b.t.Helper()
	b.id++
	message := map[string]any{"id": b.id, "method": method}
	if params != nil {
		message["params"] = params
	}
	if b.session != "" {
		message["sessionId"] = b.session
	}
	data, err := json.Marshal(message)
	require.NoError(b.t, err)
	_, err = b.to.Write(append(data, 0))
	require.NoError(b.t, err)
	for {
		data, err := b.from.ReadBytes(0)
		require.NoError(b.t, err, method)
		var answer struct {
			ID     int
			Method string
			Params json.RawMessage
			Result json.RawMessage
			Error  json.RawMessage
		}
		require.NoError(b.t, json.Unmarshal(data[:len(data)-1], &answer))
		if answer.Method == "Runtime.exceptionThrown" || answer.Method == "Log.entryAdded" && strings.Contains(string(answer.Params), `"level":"error"`) {
			b.said = append(b.said, string(answer.Params))
		}
		if answer.ID != b.id {
			continue
		}
		require.Empty(b.t, string(answer.Error), method)
		if into != nil {
			require.NoError(b.t, json.Unmarshal(answer.Result, into))
		}
		return
	}
}

// value is that of an expression of JavaScript.
func (b *browser) value(expression string) any {
	b.t.Helper()
	var out struct {
		Result           struct{ Value any }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &out)
	require.Empty(b.t, string(out.ExceptionDetails), expression)
	return out.Result.Value
}

func (b *browser) until(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.value(expression) == true }, time.Minute, 50*time.Millisecond, expression)
}

// drawn waits until the page has all that its map needs, and has drawn it.
func (b *browser) drawn() {
	b.t.Helper()
	b.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")
	b.until(`document.documentElement.dataset.ready === "yes"`)
	b.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")
}

func (b *browser) open(url string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	b.call("Page.navigate", map[string]any{"url": url}, nil)
	b.until(`document.readyState === "complete" && document.querySelectorAll("#variable option").length > 0`)
	b.drawn()
}

// choose sets a control as a person does.
func (b *browser) choose(id, text string) {
	b.t.Helper()
	b.value(`{ const e = document.getElementById("` + id + `");
		if (e.type === "checkbox") e.checked = "` + text + `" === "true";
		else if (e.tagName === "SELECT") e.value = [...e.options].find((o) => o.textContent === "` + text + `" || o.value === "` + text + `").value;
		else e.value = "` + text + `";
		e.dispatchEvent(new Event("input", { bubbles: true })); e.dispatchEvent(new Event("change", { bubbles: true })); 0 }`)
	b.drawn()
}

func (b *browser) press(key, code string, number int) {
	b.t.Helper()
	down := map[string]any{"type": "keyDown", "key": key, "code": code, "windowsVirtualKeyCode": number}
	if len(key) == 1 {
		down["text"] = key
	}
	b.call("Input.dispatchKeyEvent", down, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": code, "windowsVirtualKeyCode": number}, nil)
	b.drawn()
}

func (b *browser) click(x, y float64) {
	b.t.Helper()
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
	}
}

// picture writes what is seen to a folder, where ZAGG_PICTURES names one.
func (b *browser) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("ZAGG_PICTURES")
	if folder == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(folder, name+".png"), data, 0o644))
}

// colored is how many pixels of the map are neither ground nor grey: those of values.
const colored = `(() => { const c = document.getElementById("map"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data; let n = 0;
	for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255 && Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 40) n++; return n; })()`

func (b *browser) text(id string) string {
	b.t.Helper()
	return b.value(`document.getElementById("` + id + `").textContent`).(string)
}

// lookAround uses the page as a person does: by mouse and by keys.
func (b *browser) lookAround(name string) {
	t := b.t
	require.Greater(t, b.value(colored), 100.0)
	require.Contains(t, b.text("progress"), "shards done")
	require.Contains(t, b.text("counted"), "median of what is in view")
	b.picture(name)
	for _, compare := range []string{"swipe", "side", "difference"} {
		b.choose("with", "h_q3[2]")
		b.choose("compare", compare)
		require.Greater(t, b.value(colored), 50.0, compare)
		b.picture(name + "-" + compare)
	}
	b.choose("compare", "with nothing")
	b.choose("colors", "depth")
	b.choose("low", "500")
	b.choose("high", "900")
	require.Contains(t, b.value("location.hash"), "range=500%2C900")
	b.choose("shards", "true")
	b.value(`document.getElementById("map").focus(); 0`)
	for range 3 {
		b.press("+", "Equal", 187)
	}
	b.press("ArrowLeft", "ArrowLeft", 37)
	b.press("f", "KeyF", 70)
	require.NotContains(t, b.value("location.hash"), "range=500%2C900")
	b.picture(name + "-zoom")
	before := b.value(`document.getElementById("variable").value`)
	b.press("]", "BracketRight", 221)
	require.NotEqual(t, before, b.value(`document.getElementById("variable").value`))
	b.press("[", "BracketLeft", 219)
	b.press("Home", "Home", 36)
	b.drawn()

	// The pixel that a value has is clicked.
	spot := b.value(`(() => { const c = document.getElementById("map"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, mid = [c.width / 2, c.height / 2]; let best = null, least = 1e9;
		for (let i = 0; i < d.length; i += 4) if (Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 60) {
			const x = i / 4 % c.width, y = Math.floor(i / 4 / c.width), far = Math.hypot(x - mid[0], y - mid[1]); if (far < least) { least = far; best = [x, y]; } }
		return best; })()`).([]any)
	x, y := spot[0].(float64), spot[1].(float64)
	// Far off, a value's pixels are wider than its cell: nearer, they are not.
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseMoved", "x": x, "y": y}, nil)
	for range 6 {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": -400}, nil)
	}
	b.drawn()
	b.picture(name + "-cells")
}

// Stores are looked at in a browser, on every grid; what is hostile in them stays text, and the page keeps its own policy.
func TestViewInBrowser(t *testing.T) {
	sharedtest.NeedsSweep(t)
	b := chromium(t)
	for _, grid := range []string{"healpix", "h3", "rectilinear"} {
		store := kindsStore(t, grid)
		page, _ := serveView(t, store, "h_mean")
		b.open(page)
		require.Equal(t, "<img src=x onerror=alert(1)> (<b>m</b>)", b.text("about"))
		require.Zero(t, b.value(`document.querySelectorAll("img, b").length`))
		if grid == "healpix" {
			b.lookAround(grid)
		}
		b.inspect(store, grid)
		for _, plane := range []string{"equal-south", "equal", "plate"} {
			if grid != "healpix" && plane != "equal" {
				continue
			}
			b.choose("plane", plane)
			b.press("f", "KeyF", 70)
			require.Greater(t, b.value(colored), 20.0, plane)
			b.picture(grid + "-" + plane)
		}
	}
	require.Empty(t, b.said)
}

// How long it takes until a store's first picture is there: a measurement that asserts nothing, of the store that ZAGG_VIEW names.
func TestFirstPicture(t *testing.T) {
	store := os.Getenv("ZAGG_VIEW")
	if store == "" {
		t.Skip("ZAGG_VIEW names no store")
	}
	b := chromium(t)
	for k := range 6 {
		began := time.Now()
		page, stop := serveView(t, store)
		served := time.Since(began)
		b.open(page)
		whole := b.value("Math.round(performance.now())")
		t.Logf("the server is there after %d ms, the first picture %v ms after the page was asked for, everything before %v ms", served.Milliseconds(), b.value("document.documentElement.dataset.first"), whole)
		b.picture("first-" + strconv.Itoa(k))
		require.Zero(t, stop())
	}
}

// goTo shows a place in the middle of the map, by the page's address as a bookmark has it.
func (b *browser) goTo(lon, lat string) {
	b.t.Helper()
	to := b.value(`import("./planes.js").then(({ planes }) => { const [x, y] = planes.south.forward(` + lon + `, ` + lat + `);
		return location.href.replace(/#.*/, "") + "#" + new URLSearchParams({ variable: "h_mean", plane: "south", x, y, scale: "8" }); })`).(string)
	b.open(to)
	b.value(`document.getElementById("map").focus(); 0`)
}

// inspect asks for a cell by the keyboard and by the mouse.
func (b *browser) inspect(store, name string) {
	t := b.t
	line := strings.Split(strings.Split(exported(t, store), "\n")[5], ",")
	b.goTo(line[0], line[1])
	b.press("Enter", "Enter", 13)
	b.until(`document.querySelectorAll("#cell table").length >= 1`)
	require.Contains(t, b.text("cell"), "shard")
	require.Contains(t, b.text("cell"), "h_mean"+short(line[2]))
	require.Contains(t, b.text("cell"), "Record")
	b.value(`document.getElementById("cell").replaceChildren(); document.getElementById("map").blur(); 0`)
	middle := b.value(`(() => { const r = document.getElementById("map").getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`).([]any)
	b.click(middle[0].(float64), middle[1].(float64))
	b.until(`document.querySelectorAll("#cell table").length >= 1`)
	require.Contains(t, b.text("cell"), "h_mean"+short(line[2]))
	b.picture(name + "-cell")
}

// short is the beginning of a number, the same in float32 and float64.
func short(number string) string { return number[:min(len(number), 5)] }

// A site without a server does the same, and says why not when it is opened as a file.
func TestViewSiteInBrowser(t *testing.T) {
	sharedtest.NeedsSweep(t)
	b := chromium(t)
	store, site := kindsStore(t, "healpix"), filepath.Join(t.TempDir(), "site")
	ok(t, "view", store, "h_mean", "h_q3[2]", "--export", site)
	server := httptest.NewServer(http.FileServer(http.Dir(site)))
	t.Cleanup(server.Close)
	b.open(server.URL + "/")
	b.lookAround("site")
	line := strings.Split(strings.Split(exported(t, store), "\n")[5], ",")
	b.goTo(line[0], line[1])
	b.press("Enter", "Enter", 13)
	b.until(`document.querySelectorAll("#cell table").length >= 1`)
	require.Contains(t, b.text("cell"), "h_mean"+short(line[2]))
	require.Empty(t, b.said)
}

// Windows of time are gone through by keys and by the slider, with a server and without one; a bookmark keeps the window.
func TestViewWindowsInBrowser(t *testing.T) {
	sharedtest.NeedsSweep(t)
	b := chromium(t)
	store, site := windowsStore(t), filepath.Join(t.TempDir(), "site")
	ok(t, "view", store, "h_mean", "--export", site)
	server := httptest.NewServer(http.FileServer(http.Dir(site)))
	t.Cleanup(server.Close)
	page, _ := serveView(t, store, "h_mean")
	for name, address := range map[string]string{"served": page, "site": server.URL + "/"} {
		b.open(address)
		require.Equal(t, "late", b.text("timeName"), name)
		latest := b.text("counted")
		b.value(`document.getElementById("map").focus(); 0`)
		b.press(",", "Comma", 188)
		b.until(`document.getElementById("title").textContent.endsWith("early")`)
		b.drawn()
		require.Greater(t, b.value(colored), 50.0, name)
		require.NotEqual(t, latest, b.text("counted"), name)
		require.Contains(t, b.value("location.hash"), "time=early")
		b.picture("windows-" + name)
		b.choose("time", "1")
		b.until(`document.getElementById("title").textContent.endsWith("late")`)
		b.drawn()
		require.Equal(t, latest, b.text("counted"), name)
		b.open(address + "#time=early")
		require.Equal(t, "early", b.text("timeName"), name)
	}
	require.Empty(t, b.said)
}
