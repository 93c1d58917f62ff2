// Windows of time.
import { $, app, ask, here, redraw } from "./state.js";
import { forget } from "./layers.js";
import { progress, shardBorders } from "./run.js";
import { inspect } from "./cell.js";

// titles says which store and which window are shown.
export function titles() {
  document.title = `${app.page.title} – zagg view`;
  $("title").textContent = app.page.title;
  const n = app.page.windows?.length || 0;
  $("timeLabel").hidden = $("timeKeys").hidden = n < 2;
  if (!n) return;
  $("time").max = String(n - 1);
  $("time").value = String(app.page.windows.indexOf(app.page.window));
  $("time").setAttribute("aria-valuetext", app.page.window);
  $("timeName").textContent = app.page.window;
}

// readTiles reads which tiles a static site has.
export async function readTiles(page) {
  return Promise.all(page.variables.map(async (v, i) => new Set(await ask(here(`tiles/${i}/index.json`, page.window)))));
}

let turning = 0;
// showWindow shows the window of a number; the latest call wins.
export async function showWindow(number) {
  const window = app.page.windows[number], turn = ++turning;
  if (window === undefined || window === app.page.window) return;
  $("timeName").textContent = window;
  document.documentElement.dataset.ready = "";
  try {
    const fresh = await ask(here("view.json", window));
    if (fresh.static) fresh.static_tiles = await readTiles(fresh);
    if (turn !== turning) return;
    forget();
    app.shards = null;
    fresh.colors = app.page.colors; // the same, as they are drawn with
    Object.assign(app.page, { static_tiles: null, static_zoom: null }, fresh);
  } catch (error) {
    if (turn === turning) $("notice").textContent = String(error.message || error);
    return;
  }
  titles();
  progress();
  await shardBorders();
  if (app.shown) inspect(app.shown.lon, app.shown.lat);
  redraw();
}
