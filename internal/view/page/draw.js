// Draws the maps with all that lies over them.
import { $, app, index, mode, name, unit } from "./state.js";
import { layer, differing, only } from "./layers.js";
import { choose, counted, scale } from "./ranges.js";
import { remember } from "./address.js";

export function draw() {
  const a = index("variable"), b = index("with"), how = mode();
  const tiles = app.canvases[0].tiles(), keys = tiles.map((t) => t.key);
  const used = how ? [a, b] : [a];
  only(used);
  for (const variable of used) layer(variable).want(keys);
  const get = how === "difference" ? (key) => differing(layer(a), layer(b), key) : (key) => layer(a).get(key);

  const visible = [];
  for (const t of tiles) visible.push([t, get(t.key)]);
  choose(visible, name());
  if (how === "swipe" || how === "side") choose(tiles.map((t) => [t, layer(b).get(t.key)]), String(b));

  app.canvases[0].begin();
  if (how === "side") app.canvases[1].begin();
  const main = app.canvases[0], at = how === "swipe" ? main.width * $("swipe").value / 1000 : main.width;
  clipped(main, 0, at, () => tiles.forEach((t) => main.draw(t, get, scale())));
  if (how === "swipe") clipped(main, at, main.width, () => tiles.forEach((t) => main.draw(t, (key) => layer(b).get(key), scale(b))));
  if (how === "side") app.canvases[1].tiles().forEach((t) => app.canvases[1].draw(t, (key) => layer(b).get(key), scale(b)));
  for (const c of how === "side" ? app.canvases : [main]) over(c);
  if (how === "swipe") curtain(main, at);

  app.histogram.show(counted(visible), scale(), unit());
  say(used.map(layer), keys, how);
  remember();
}

// clipped paints between two columns of a canvas.
function clipped(canvas, from, to, paint) {
  const c = canvas.context;
  c.save();
  c.beginPath();
  c.rect(from, 0, to - from, canvas.height);
  c.clip();
  paint();
  c.restore();
}

// curtain draws the divider of two variables.
function curtain(canvas, at) {
  const c = canvas.context;
  c.fillStyle = "#fff";
  c.fillRect(at - 2, 0, 4, canvas.height);
  c.fillStyle = "#20242a";
  c.fillRect(at - 0.5, 0, 1, canvas.height);
  caption(canvas, app.page.variables[index("variable")].name, at - 8, "right");
  caption(canvas, app.page.variables[index("with")].name, at + 8, "left");
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

// states are the colours of shards' outlines, those on top last.
const states = [["planned", "#8a8f98"], ["empty", "#b0b6bf"], ["partial", "#b35900"], ["ok", "#0b4a8f"]];

// over draws what lies over the values.
function over(canvas) {
  if ($("coast").checked && app.coast) canvas.lines(app.coast, "rgba(70,76,84,0.9)", 1);
  if ($("graticule").checked) canvas.graticule();
  if ($("shards").checked && app.shards) for (const [state, style] of states) canvas.lines(app.shards[state] || [], style, state === "planned" ? 1 : 1.4);
  if (app.shown?.outline) {
    const ring = [...app.shown.outline, app.shown.outline[0]].flat();
    canvas.lines([ring], "#fff", 5);
    canvas.lines([ring], "#c4003c", 2.5);
  }
  canvas.scaleBar();
  if (document.activeElement === app.canvases[0].element && app.keyboard) canvas.crosshair();
  if (mode() === "side") caption(canvas, app.page.variables[index(canvas === app.canvases[0] ? "variable" : "with")].name, 10, "left");
}

// say shows what the server says of the tiles, and notes for tests and measurements when the first picture is there (ms since the page was asked for) and when
// everything is.
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
