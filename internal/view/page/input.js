// The mouse, touch and keys.
import { $, app, index, redraw } from "./state.js";
import { layer } from "./layers.js";
import { fit } from "./ranges.js";
import { shardBorders } from "./run.js";
import { changed, home } from "./settings.js";
import { showWindow } from "./time.js";
import { inspect } from "./cell.js";
import { number } from "./histogram.js";

// mapEvents listens to pointers on a map: drag, pinch, wheel, click.
export function mapEvents(canvas) {
  const element = canvas.element, pointers = new Map();
  let moved = 0, apart = 0;
  element.addEventListener("pointerdown", (e) => {
    element.setPointerCapture(e.pointerId);
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    moved = 0;
    apart = spread(pointers);
    app.keyboard = false;
  });
  element.addEventListener("pointermove", (e) => {
    where(canvas, e.offsetX, e.offsetY);
    const before = pointers.get(e.pointerId);
    if (!before) return;
    pointers.set(e.pointerId, [e.offsetX, e.offsetY]);
    const dx = (e.offsetX - before[0]) / pointers.size, dy = (e.offsetY - before[1]) / pointers.size;
    moved += Math.abs(dx) + Math.abs(dy);
    app.view.move(dx, dy);
    const now = spread(pointers);
    if (pointers.size === 2 && apart > 0) app.view.zoom(now / apart, e.offsetX - canvas.width / 2, e.offsetY - canvas.height / 2);
    apart = now;
    redraw();
  });
  const up = (e) => {
    if (pointers.delete(e.pointerId) && moved < 4 && e.type === "pointerup") inspect(...app.view.projection.inverse(...canvas.point(e.offsetX, e.offsetY)));
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  element.addEventListener("pointerleave", () => { $("where").textContent = ""; });
  element.addEventListener("wheel", (e) => {
    e.preventDefault();
    app.view.zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : 0.0015)), e.offsetX - canvas.width / 2, e.offsetY - canvas.height / 2);
    redraw();
  }, { passive: false });
}

// spread is how far two fingers are apart, px.
function spread(pointers) {
  const [a, b] = [...pointers.values()];
  return b ? Math.hypot(a[0] - b[0], a[1] - b[1]) : 0;
}

// where tells the place under the pointer, and its value.
function where(canvas, px, py) {
  const at = canvas.point(px, py), [lon, lat] = app.view.projection.inverse(...at);
  if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) { $("where").textContent = ""; return; }
  $("where").textContent = `${Math.abs(lat).toFixed(4)}° ${lat < 0 ? "S" : "N"}, ${Math.abs(lon).toFixed(4)}° ${lon < 0 ? "W" : "E"}` + valueAt(canvas, at);
}

function valueAt(canvas, [x, y]) {
  const variable = index(canvas === app.canvases[1] ? "with" : "variable"), t = canvas.tiles()[0];
  if (!t) return "";
  const size = 2 * app.page.world_km / 2 ** t.z, tx = (x + app.page.world_km) / size, ty = (app.page.world_km - y) / size;
  const kept = layer(variable).get(`${app.view.plane}/${t.z}/${Math.floor(tx)}/${Math.floor(ty)}`), side = app.page.tile_side;
  const v = kept?.values?.[Math.floor((ty % 1) * side) * side + Math.floor((tx % 1) * side)];
  return v === v && v !== undefined ? ` · ${number(v)} ${app.page.variables[variable].units || ""}` : "";
}

// keys listens to the keyboard: see the table of index.html.
export function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const c = app.canvases[0], onMap = e.target === c.element, typing = ["INPUT", "SELECT", "TEXTAREA"].includes(e.target.tagName);
  const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  if (onMap && steps[e.key]) app.view.move(steps[e.key][0] * c.width / 8, steps[e.key][1] * c.height / 8);
  else if (onMap && e.key === "Enter") inspect(...app.view.projection.inverse(app.view.x, app.view.y));
  else if (onMap && e.key === "Home") { home(); }
  else if (typing) return;
  else if (e.key === "+" || e.key === "=") app.view.zoom(1.5);
  else if (e.key === "-") app.view.zoom(1 / 1.5);
  else if (e.key === "[" || e.key === "]") {
    const n = app.page.variables.length;
    $("variable").value = String((index("variable") + (e.key === "]" ? 1 : n - 1)) % n);
    changed();
  } else if (app.page.windows && (e.key === "," || e.key === ".")) showWindow(app.page.windows.indexOf(app.page.window) + (e.key === "." ? 1 : -1));
  else if (e.key === "f") fit();
  else if (e.key === "s") { $("shards").checked = !$("shards").checked; shardBorders().then(redraw); }
  else return;
  app.keyboard = onMap;
  e.preventDefault();
  redraw();
}
