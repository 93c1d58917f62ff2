// The page: controls, maps, and what is known of a cell.
import { Canvas, View } from "./map.js";
import { Tiles, difference } from "./tiles.js";
import { Histogram, number } from "./histogram.js";
import { showCell, findCell } from "./cell.js";

const $ = (id) => document.getElementById(id);
const ask = async (path) => {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 300));
  return answer.json();
};

let page, view, canvases, histogram;
const layers = new Map(); // Tiles by variable
const ranges = new Map(); // [low, high] by what is shown
let coastLines = null, shardLines = null, shown = null, drawing = false, selected = 0;

const index = (id) => Number($(id).value);
const mode = () => $("compare").value;
const name = () => (mode() === "difference" ? `${index("variable")}-${index("with")}` : String(index("variable")));

// here is a path of what belongs to the window of time that is shown.
const here = (path, window = page.window) => (window ? `at/${encodeURIComponent(window)}/${path}` : path);

function layer(variable) {
  if (!layers.has(variable)) {
    const locate = (key) => (page.static && !page.static_tiles[variable]?.has(key) ? null : here(`tiles/${variable}/${key}.bin`));
    layers.set(variable, new Tiles(page.tile_side, locate, redraw));
  }
  return layers.get(variable);
}

// differences are made of the tiles of two layers when both are there.
const differences = new Map();
function differing(a, b, key) {
  const x = a.get(key), y = b.get(key);
  const id = `${index("variable")}-${index("with")}/${key}`;
  let t = differences.get(id);
  if (!t || t.a !== x?.values || t.b !== y?.values) {
    t = { a: x?.values, b: y?.values, values: difference(x, y), loading: !x || !y || x.loading || y.loading };
    if (differences.size > 300) differences.clear();
    if (!t.loading) differences.set(id, t);
  }
  return t;
}

function scale(variable) {
  const colors = page.colors[$("colors").value];
  const own = variable === undefined ? name() : String(variable);
  const [low, high] = ranges.get(mode() === "difference" ? name() : own) || [0, 1];
  return { low, high: high > low ? high : low + 1e-9, colors, key: `${low} ${high} ${$("colors").value}` };
}

function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; draw(); });
}

function draw() {
  const a = index("variable"), b = index("with"), how = mode();
  const tiles = canvases[0].tiles(), keys = tiles.map((t) => t.key);
  const used = how ? [a, b] : [a];
  for (const [variable, l] of layers) if (!used.includes(variable)) l.want([]);
  for (const variable of used) layer(variable).want(keys);
  const get = how === "difference" ? (key) => differing(layer(a), layer(b), key) : (key) => layer(a).get(key);

  const visible = [];
  for (const t of tiles) visible.push([t, get(t.key)]);
  choose(visible, name());
  if (how === "swipe" || how === "side") choose(tiles.map((t) => [t, layer(b).get(t.key)]), String(b));

  canvases[0].begin();
  if (how === "side") canvases[1].begin();
  const main = canvases[0], at = how === "swipe" ? main.width * $("swipe").value / 1000 : main.width;
  clipped(main, 0, at, () => tiles.forEach((t) => main.draw(t, get, scale())));
  if (how === "swipe") clipped(main, at, main.width, () => tiles.forEach((t) => main.draw(t, (key) => layer(b).get(key), scale(b))));
  if (how === "side") canvases[1].tiles().forEach((t) => canvases[1].draw(t, (key) => layer(b).get(key), scale(b)));
  for (const c of how === "side" ? canvases : [main]) over(c);
  if (how === "swipe") curtain(main, at);

  histogram.show(counted(visible), scale(), unit());
  say(used.map(layer), keys, how);
  remember();
}

function clipped(canvas, from, to, paint) {
  const c = canvas.context;
  c.save();
  c.beginPath();
  c.rect(from, 0, to - from, canvas.height);
  c.clip();
  paint();
  c.restore();
}

function curtain(canvas, at) {
  const c = canvas.context;
  c.fillStyle = "#fff";
  c.fillRect(at - 2, 0, 4, canvas.height);
  c.fillStyle = "#20242a";
  c.fillRect(at - 0.5, 0, 1, canvas.height);
  caption(canvas, page.variables[index("variable")].name, at - 8, "right");
  caption(canvas, page.variables[index("with")].name, at + 8, "left");
}

function caption(canvas, text, x, align) {
  const c = canvas.context;
  c.font = "bold 13px system-ui, sans-serif";
  c.textAlign = align;
  c.textBaseline = "top";
  c.strokeStyle = "rgba(255,255,255,0.9)";
  c.lineWidth = 4;
  c.strokeText(text, x, 10);
  c.fillStyle = "#20242a";
  c.fillText(text, x, 10);
}

// over draws what lies over the values.
function over(canvas) {
  if ($("coast").checked && coastLines) canvas.lines(coastLines, "rgba(70,76,84,0.9)", 1);
  if ($("graticule").checked) canvas.graticule();
  if ($("shards").checked && shardLines) for (const [state, style] of states) canvas.lines(shardLines[state] || [], style, state === "planned" ? 1 : 1.4);
  if (shown?.outline) {
    const ring = [...shown.outline, shown.outline[0]].flat();
    canvas.lines([ring], "#fff", 5);
    canvas.lines([ring], "#c4003c", 2.5);
  }
  canvas.scaleBar();
  if (document.activeElement === canvases[0].element && keyboard) canvas.crosshair();
  if (mode() === "side") caption(canvas, page.variables[index(canvas === canvases[0] ? "variable" : "with")].name, 10, "left");
}
const states = [["planned", "#8a8f98"], ["empty", "#b0b6bf"], ["partial", "#b35900"], ["ok", "#0b4a8f"]];

// counted is the values of tiles that are in view, some of them where they are many.
function counted(visible) {
  const out = [], canvas = canvases[0], world = page.world_km, side = page.tile_side;
  const [x0, y1] = canvas.point(0, 0), [x1, y0] = canvas.point(canvas.width, canvas.height);
  const every = Math.max(1, Math.round(Math.sqrt(visible.length * side * side / 4e5)));
  for (const [t, kept] of visible) {
    if (!kept?.values) continue;
    const n = 2 ** t.z, size = 2 * world / n, pixel = size / side, left = -world + size * t.x, top = world - size * t.y;
    const from = (v) => Math.max(0, Math.ceil(v / pixel)), to = (v) => Math.min(side, Math.ceil(v / pixel));
    for (let y = from(top - y1); y < to(top - y0); y += every) {
      for (let x = from(x0 - left); x < to(x1 - left); x += every) {
        const v = kept.values[y * side + x];
        if (v === v) out.push(v);
      }
    }
  }
  return Float32Array.from(out).sort();
}

// choose gives what is shown a range of colours once there are values, and again where the box says so.
const chosen = new Set();
function choose(visible, key) {
  if (chosen.has(key) && !($("follow").checked && key === name())) return;
  const values = counted(visible);
  if (!values.length) return;
  const [low, high] = middle(values, mode() === "difference" && key === name());
  ranges.set(key, [low, high]);
  if (visible.every(([, t]) => t && !t.loading && !t.pending)) chosen.add(key);
  if (key === name()) fillRange();
}

// middle is the range of the middle 96 % of sorted values; around 0 for differences.
function middle(values, symmetric) {
  let low = values[Math.floor(0.02 * (values.length - 1))], high = values[Math.ceil(0.98 * (values.length - 1))];
  if (symmetric) { high = Math.max(Math.abs(low), Math.abs(high)) || 1; low = -high; }
  if (!(high > low)) { const half = Math.max(Math.abs(low) * 0.01, 0.5); low -= half; high += half; }
  return [low, high];
}

function fillRange(all = false) {
  const [low, high] = ranges.get(name()) || [0, 1];
  for (const [id, v] of [["low", low], ["high", high]]) if (all || document.activeElement !== $(id)) $(id).value = Number(v.toPrecision(5));
}

const unit = () => page.variables[index("variable")].units || "";

function say(used, keys, how) {
  const notes = [];
  const tiles = used.flatMap((l) => keys.map((k) => l.get(k)).filter(Boolean));
  const many = Math.max(0, ...tiles.map((t) => t.tooMany || 0)), pending = Math.max(0, ...tiles.map((t) => t.pending || 0));
  const failure = tiles.map((t) => t.failure).find(Boolean);
  if (failure) notes.push(failure);
  if (many) notes.push(`${many.toLocaleString("en")} cells are too many for a picture: zoom in, or add coarser groups with zagg coarsen.`);
  if (pending) notes.push(`reading ${pending} more ${pending === 1 ? "shard" : "shards"} …`);
  $("notice").textContent = notes.join(" ");
  const busy = used.some((l) => l.busy(keys));
  document.documentElement.dataset.ready = busy ? "" : "yes";
  if (!document.documentElement.dataset.first && tiles.some((t) => t.values)) document.documentElement.dataset.first = String(Math.round(performance.now()));
}

// ---- settings

function fillSelect(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text })));
}

function settings() {
  const variables = page.variables.map((v, i) => [String(i), v.name]);
  fillSelect($("variable"), variables);
  fillSelect($("with"), variables);
  fillSelect($("plane"), page.planes.map((p) => [p.name, p.title]));
  fillSelect($("colors"), page.color_list.map((c) => [c, c]));
  $("plane").value = view.plane;
  $("variable").value = String(page.first);
  $("with").value = String(page.first ? 0 : Math.min(1, page.variables.length - 1));
  for (const id of ["variable", "with", "compare", "colors"]) $(id).addEventListener("change", changed);
  for (const id of ["coast", "graticule", "shards", "follow", "swipe"]) $(id).addEventListener("input", async () => { if (id === "shards") await shardBorders(); redraw(); });
  $("time").addEventListener("input", () => { showWindow(Number($("time").value)); });
  $("plane").addEventListener("change", () => { turn($("plane").value); });
  for (const id of ["low", "high"]) $(id).addEventListener("change", () => setRange($("low").valueAsNumber, $("high").valueAsNumber));
  $("fit").addEventListener("click", fit);
  $("home").addEventListener("click", home);
  $("in").addEventListener("click", () => { view.zoom(2); redraw(); });
  $("out").addEventListener("click", () => { view.zoom(0.5); redraw(); });
}

function setRange(low, high) {
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) { fillRange(true); return; } // empty: NaN
  $("follow").checked = false;
  chosen.add(name());
  ranges.set(name(), [low, high]);
  fillRange();
  redraw();
}

function fit() {
  chosen.delete(name());
  redraw();
}

function home() {
  view.showAll(canvases[0].width, canvases[0].height);
  redraw();
}

// turn changes the projection, and keeps what is in the middle there.
function turn(plane) {
  const [lon, lat] = view.projection.inverse(view.x, view.y);
  view.plane = plane;
  [view.x, view.y] = view.projection.forward(lon, lat);
  view.limit();
  if (!page.planes.find((p) => p.name === plane) || Math.abs(view.x) + Math.abs(view.y) > 2 * page.world_km || !Number.isFinite(view.x)) view.showAll(canvases[0].width, canvases[0].height);
  redraw();
}

let lastMode = "";
function changed() {
  const how = mode(), v = page.variables[index("variable")];
  $("withLabel").hidden = !how;
  $("swipe").hidden = how !== "swipe";
  $("map2").hidden = how !== "side";
  $("about").textContent = [v.title, v.units && `(${v.units})`].filter(Boolean).join(" ");
  if (how === "difference" && lastMode !== how && $("colors").value === page.color_list[0]) $("colors").value = "diverging";
  lastMode = how;
  fillRange();
  redraw();
}

async function shardBorders() {
  if (!$("shards").checked || shardLines) return;
  const window = page.window, found = await ask(here("shards.json"));
  if (window !== page.window) return;
  shardLines = {};
  for (const s of found) for (const ring of s.outline) (shardLines[s.state] ||= []).push([...ring, ring[0]].flat());
}

// ---- the map

let keyboard = false;
function mapEvents(canvas) {
  const element = canvas.element, pointers = new Map();
  let moved = 0, apart = 0;
  element.addEventListener("pointerdown", (e) => {
    element.setPointerCapture(e.pointerId);
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    moved = 0;
    apart = spread(pointers);
    keyboard = false;
  });
  element.addEventListener("pointermove", (e) => {
    where(canvas, e.offsetX, e.offsetY);
    const before = pointers.get(e.pointerId);
    if (!before) return;
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    const dx = (e.offsetX - before[0]) / pointers.size, dy = (e.offsetY - before[1]) / pointers.size;
    moved += Math.abs(dx) + Math.abs(dy);
    view.move(dx, dy);
    const now = spread(pointers);
    if (pointers.size === 2 && apart > 0) view.zoom(now / apart, e.offsetX - canvas.width / 2, e.offsetY - canvas.height / 2);
    apart = now;
    redraw();
  });
  const up = (e) => {
    if (pointers.delete(e.pointerId) && moved < 4 && e.type === "pointerup") inspect(...view.projection.inverse(...canvas.point(e.offsetX, e.offsetY)));
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("pointerleave", () => { $("where").textContent = ""; });
  element.addEventListener("wheel", (e) => {
    e.preventDefault();
    view.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0015)), e.offsetX - canvas.width / 2, e.offsetY - canvas.height / 2);
    redraw();
  }, { passive: false });
}

function spread(pointers) {
  const [a, b] = [...pointers.values()];
  return b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
}

function where(canvas, px, py) {
  const at = canvas.point(px, py), [lon, lat] = view.projection.inverse(...at);
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) { $("where").textContent = ""; return; }
  $("where").textContent = `${Math.abs(lat).toFixed(4)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(4)}° ${lon < 0 ? "W" : "E"}` + valueAt(canvas, at);
}

function valueAt(canvas, [x, y]) {
  const variable = index(canvas === canvases[1] ? "with" : "variable"), t = canvas.tiles()[0];
  if (!t) return "";
  const size = 2 * page.world_km / 2 ** t.z, tx = (x + page.world_km) / size, ty = (page.world_km - y) / size;
  const kept = layer(variable).get(`${view.plane}/${t.z}/${Math.floor(tx)}/${Math.floor(ty)}`), side = page.tile_side;
  const v = kept?.values?.[Math.floor((ty % 1) * side) * side + Math.floor((tx % 1) * side)];
  return v === v && v !== undefined ? ` · ${number(v)} ${page.variables[variable].units || ""}` : "";
}

function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const c = canvases[0], onMap = e.target === c.element, typing = ["INPUT", "SELECT", "TEXTAREA"].includes(e.target.tagName);
  const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  if (onMap && steps[e.key]) view.move(steps[e.key][0] * c.width / 8, steps[e.key][1] * c.height / 8);
  else if (onMap && e.key === "Enter") inspect(...view.projection.inverse(view.x, view.y));
  else if (onMap && e.key === "Home") { home(); }
  else if (typing) return;
  else if (e.key === "+" || e.key === "=") view.zoom(1.5);
  else if (e.key === "-") view.zoom(1 / 1.5);
  else if (e.key === "[" || e.key === "]") {
    const n = page.variables.length;
    $("variable").value = String((index("variable") + (e.key === "]" ? 1 : n - 1)) % n);
    changed();
  } else if (page.windows && (e.key === "," || e.key === ".")) showWindow(page.windows.indexOf(page.window) + (e.key === "." ? 1 : -1));
  else if (e.key === "f") fit();
  else if (e.key === "s") { $("shards").checked = !$("shards").checked; shardBorders().then(redraw); }
  else return;
  keyboard = onMap;
  e.preventDefault();
  redraw();
}

async function inspect(lon, lat) {
  const turn = ++selected;
  $("cell").textContent = "…";
  try {
    const found = page.static ? await findCell((path) => ask(here(path)), lon, lat, page.window) : await ask(here(`cell.json?lon=${lon}&lat=${lat}`));
    if (turn !== selected) return;
    shown = found;
    showCell($("cell"), found);
    $("cellTitle").scrollIntoView({ block: "start" }); // its heading: on a low window it is below the controls
  } catch (error) {
    if (turn !== selected) return;
    shown = null;
    $("cell").textContent = String(error.message || error);
  }
  redraw();
}

// ---- a run under way

async function watch() {
  const every = () => setTimeout(watch, page.state.reading ? 500 : 3000), window = page.window;
  try {
    const state = await ask(here("state.json"));
    if (window !== page.window) return every();
    const news = state.version !== page.state.version;
    const none = page.state.done + page.state.planned === 0;
    page.state = state;
    progress();
    if (news) {
      shardLines = null;
      const fresh = await ask(here("view.json", window));
      if (window !== page.window) return every();
      page.planes = fresh.planes;
      if (none) { view.plane = $("plane").value = fresh.plane; view.showAll(canvases[0].width, canvases[0].height); }
      for (const l of layers.values()) l.renew();
      await shardBorders();
      redraw();
    }
  } catch (error) {
    $("progress").textContent = `The server does not answer: ${error.message || error}`;
  }
  every();
}

function progress() {
  const s = page.state, all = s.done + s.planned;
  const parts = [`${s.done.toLocaleString("en")}${s.planned ? ` of ${all.toLocaleString("en")}` : ""} ${(s.planned ? all : s.done) === 1 ? "shard" : "shards"} done`];
  if (s.empty) parts.push(`${s.empty} empty`);
  if (s.partial) parts.push(`${s.partial} without some granules`);
  if (s.reading) parts.push(`reading ${s.reading} records`);
  if (s.fault) parts.push(s.fault);
  $("progress").textContent = parts.join(", ");
  $("bar").hidden = !s.planned;
  $("bar").value = all ? s.done / all : 0;
}

// ---- where we are is in the address, so that it can be kept and sent on

function remember() {
  const q = new URLSearchParams({ variable: page.variables[index("variable")].name, plane: view.plane, x: view.x.toFixed(3), y: view.y.toFixed(3), scale: view.scale.toPrecision(5), colors: $("colors").value });
  if (page.window) q.set("time", page.window);
  if (mode()) { q.set("compare", mode()); q.set("with", page.variables[index("with")].name); }
  if (ranges.has(name()) && chosen.has(name())) q.set("range", ranges.get(name()).join(","));
  history.replaceState(null, "", `#${q}`);
}

function recall() {
  const q = new URLSearchParams(location.hash.slice(1));
  const find = (text) => page.variables.findIndex((v) => v.name === text);
  if (find(q.get("variable")) >= 0) $("variable").value = String(find(q.get("variable")));
  if (find(q.get("with")) >= 0) $("with").value = String(find(q.get("with")));
  if ([...$("compare").options].some((o) => o.value === q.get("compare"))) $("compare").value = q.get("compare");
  if (page.colors[q.get("colors")]) $("colors").value = q.get("colors");
  if (page.planes.some((p) => p.name === q.get("plane"))) view.plane = $("plane").value = q.get("plane");
  $("map2").hidden = mode() !== "side"; // the maps have their size now
  view.showAll(canvases[0].width, canvases[0].height);
  const [x, y, s] = ["x", "y", "scale"].map((k) => Number(q.get(k)));
  if (q.has("scale") && [x, y, s].every(Number.isFinite) && s > 0) { Object.assign(view, { x, y, scale: s }); view.limit(); }
  const range = (q.get("range") || "").split(",").map(Number);
  if (range.length === 2 && range[0] < range[1]) { ranges.set(name(), range); chosen.add(name()); }
}

async function start() {
  try {
    page = await ask("view.json");
    const time = new URLSearchParams(location.hash.slice(1)).get("time");
    if (page.windows?.includes(time) && time !== page.window) page = await ask(here("view.json", time));
    if (page.static) page.static_tiles = await readTiles(page);
  } catch (error) {
    $("notice").textContent = location.protocol === "file:" ? "Browsers do not let a page read files: serve this folder, as with python3 -m http.server." : String(error.message || error);
    return;
  }
  for (const [key, table] of Object.entries(page.colors)) page.colors[key] = Uint32Array.from(table, ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0);
  titles();
  view = new View(page);
  canvases = [new Canvas($("map"), view), new Canvas($("map2"), view)];
  histogram = new Histogram($("histogram"), $("legend"), $("counted"), setRange);
  settings();
  recall();
  progress();
  changed();
  canvases.forEach(mapEvents);
  document.addEventListener("keydown", keys);
  $("map").addEventListener("focus", () => { keyboard = $("map").matches(":focus-visible"); redraw(); });
  $("map").addEventListener("blur", redraw);
  new ResizeObserver(redraw).observe($("maps"));
  ask("coast.json").then((lines) => { coastLines = lines; redraw(); }, () => {});
  if (!page.static) watch();
}

function titles() {
  document.title = `${page.title} – zagg view`;
  $("title").textContent = page.title;
  const n = page.windows?.length || 0;
  $("timeLabel").hidden = $("timeKeys").hidden = n < 2;
  if (!n) return;
  $("time").max = String(n - 1);
  $("time").value = String(page.windows.indexOf(page.window));
  $("time").setAttribute("aria-valuetext", page.window);
  $("timeName").textContent = page.window;
}

// readTiles reads which tiles a static site has.
async function readTiles(page) {
  return Promise.all(page.variables.map(async (v, i) => new Set(await ask(here(`tiles/${i}/index.json`, page.window)))));
}

// ---- windows of time

let turning = 0;
async function showWindow(number) {
  const window = page.windows[number], turn = ++turning;
  if (window === undefined || window === page.window) return;
  $("timeName").textContent = window;
  document.documentElement.dataset.ready = "";
  try {
    const fresh = await ask(here("view.json", window));
    if (fresh.static) fresh.static_tiles = await readTiles(fresh);
    if (turn !== turning) return;
    for (const l of layers.values()) l.want([]);
    layers.clear();
    differences.clear();
    shardLines = null;
    fresh.colors = page.colors; // the same, as they are drawn with
    Object.assign(page, { static_tiles: null, static_zoom: null }, fresh);
  } catch (error) {
    if (turn === turning) $("notice").textContent = String(error.message || error);
    return;
  }
  titles();
  progress();
  await shardBorders();
  if (shown) inspect(shown.lon, shown.lat);
  redraw();
}

start();
