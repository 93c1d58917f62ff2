// The page: it asks what the store has, makes the maps and the controls, and starts.
import { $, app, ask, here, redraw } from "./state.js";
import { Canvas, View } from "./map.js";
import { Histogram } from "./histogram.js";
import { draw } from "./draw.js";
import { recall } from "./address.js";
import { keys, mapEvents } from "./input.js";
import { setRange } from "./ranges.js";
import { progress, watch } from "./run.js";
import { changed, settings } from "./settings.js";
import { readTiles, titles } from "./time.js";

async function start() {
  try {
    app.page = await ask("view.json");
    const time = new URLSearchParams(location.hash.slice(1)).get("time");
    if (app.page.windows?.includes(time) && time !== app.page.window) app.page = await ask(here("view.json", time));
    if (app.page.static) app.page.static_tiles = await readTiles(app.page);
  } catch (error) {
    $("notice").textContent = location.protocol === "file:" ? "Browsers do not let a page read files: serve this folder, as with python3 -m http.server." : String(error.message || error);
    return;
  }
  for (const [key, table] of Object.entries(app.page.colors)) app.page.colors[key] = Uint32Array.from(table, ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0);
  titles();
  app.draw = draw;
  app.view = new View(app.page);
  app.canvases = [new Canvas($("map"), app.view), new Canvas($("map2"), app.view)];
  app.histogram = new Histogram($("histogram"), $("legend"), $("counted"), setRange);
  settings();
  recall();
  progress();
  changed();
  app.canvases.forEach(mapEvents);
  document.addEventListener("keydown", keys);
  $("map").addEventListener("focus", () => { app.keyboard = $("map").matches(":focus-visible"); redraw(); });
  $("map").addEventListener("blur", redraw);
  new ResizeObserver(redraw).observe($("maps"));
  ask("coast.json").then((lines) => { app.coast = lines; redraw(); }, () => {});
  if (!app.page.static) watch();
}

start();
