// Ranges of colours: chosen by the values in view, or typed.
import { $, app, mode, name, redraw } from "./state.js";

const ranges = new Map(); // [low, high] by what is shown
const chosen = new Set(); // of these, those that stay

// scale is how values of a variable, by default of what is shown, become colours.
export function scale(variable) {
  const colors = app.page.colors[$("colors").value];
  const own = variable === undefined ? name() : String(variable);
  const [low, high] = ranges.get(mode() === "difference" ? name() : own) || [0, 1];
  return { low, high: high > low ? high : low + 1e-9, colors, key: `${low} ${high} ${$("colors").value}` };
}

// choose gives what is shown a range of colours once there are values, and again where the box says so.
export function choose(visible, key) {
  if (chosen.has(key) && !($("follow").checked && key === name())) return;
  const values = counted(visible);
  if (!values.length) return;
  const [low, high] = middle(values, mode() === "difference" && key === name());
  ranges.set(key, [low, high]);
  if (visible.every(([, t]) => t && !t.loading && !t.pending)) chosen.add(key);
  if (key === name()) fillRange();
}

// counted is the values of tiles that are in view, some of them where they are many.
export function counted(visible) {
  const out = [], canvas = app.canvases[0], world = app.page.world_km, side = app.page.tile_side;
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

// middle is the range of the middle 96 % of sorted values; around 0 for differences.
function middle(values, symmetric) {
  let low = values[Math.floor(0.02 * (values.length - 1))], high = values[Math.ceil(0.98 * (values.length - 1))];
  if (symmetric) { high = Math.max(Math.abs(low), Math.abs(high)) || 1; low = -high; }
  if (!(high > low)) { const half = Math.max(Math.abs(low) * 0.01, 0.5); low -= half; high += half; }
  return [low, high];
}

// fillRange writes the range into its fields, but not under the hands of a person.
export function fillRange(all = false) {
  const [low, high] = ranges.get(name()) || [0, 1];
  const digits = Math.max(5, Math.min(12, 4 + Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / (high - low))))); // four of the difference
  for (const [id, v] of [["low", low], ["high", high]]) if (all || document.activeElement !== $(id)) $(id).value = Number(v.toPrecision(digits));
}

// setRange takes a range that a person wants.
export function setRange(low, high) {
  if (!Number.isFinite(low) || !Number.isFinite(high) || low >= high) { fillRange(true); return; } // empty: NaN
  $("follow").checked = false;
  keep([low, high]);
  fillRange();
  redraw();
}

// fit chooses the range anew.
export function fit() {
  chosen.delete(name());
  redraw();
}

// kept is the range of what is shown if it stays.
export const kept = () => (chosen.has(name()) ? ranges.get(name()) : undefined);

// keep sets it.
export function keep(range) {
  ranges.set(name(), range);
  chosen.add(name());
}
