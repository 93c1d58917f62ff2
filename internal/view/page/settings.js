// The controls beside the map.
import { $, app, index, mode, redraw } from "./state.js";
import { fillRange, fit, setRange } from "./ranges.js";
import { shardBorders } from "./run.js";
import { showWindow } from "./time.js";

function fillSelect(select, entries) {
  select.replaceChildren(...entries.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text })));
}

// settings fills the controls and listens to them.
export function settings() {
  const variables = app.page.variables.map((v, i) => [String(i), v.name]);
  fillSelect($("variable"), variables);
  fillSelect($("with"), variables);
  fillSelect($("plane"), app.page.planes.map((p) => [p.name, p.title]));
  fillSelect($("colors"), app.page.color_list.map((c) => [c, c]));
  $("plane").value = app.view.plane;
  $("variable").value = String(app.page.first);
  $("with").value = String(app.page.first ? 0 : Math.min(1, app.page.variables.length - 1));
  for (const id of ["variable", "with", "compare", "colors"]) $(id).addEventListener("change", changed);
  for (const id of ["coast", "graticule", "shards", "follow", "swipe"]) $(id).addEventListener("input", async () => { if (id === "shards") await shardBorders(); redraw(); });
  $("time").addEventListener("input", () => { showWindow(Number($("time").value)); });
  $("plane").addEventListener("change", () => { turn($("plane").value); });
  for (const id of ["low", "high"]) $(id).addEventListener("change", () => setRange($("low").valueAsNumber, $("high").valueAsNumber));
  $("fit").addEventListener("click", fit);
  $("home").addEventListener("click", home);
  $("in").addEventListener("click", () => { app.view.zoom(2); redraw(); });
  $("out").addEventListener("click", () => { app.view.zoom(0.5); redraw(); });
}

// home shows all of the store.
export function home() {
  app.view.showAll(app.canvases[0].width, app.canvases[0].height);
  redraw();
}

// turn changes the projection, and keeps what is in the middle there.
function turn(plane) {
  const [lon, lat] = app.view.projection.inverse(app.view.x, app.view.y);
  app.view.plane = plane;
  [app.view.x, app.view.y] = app.view.projection.forward(lon, lat);
  app.view.limit();
  if (!app.page.planes.find((p) => p.name === plane) || Math.abs(app.view.x) + Math.abs(app.view.y) > 2 * app.page.world_km || !Number.isFinite(app.view.x)) app.view.showAll(app.canvases[0].width, app.canvases[0].height);
  redraw();
}

let lastMode = "";
// changed follows the controls of variables, comparison and colours.
export function changed() {
  const how = mode(), v = app.page.variables[index("variable")];
  $("withLabel").hidden = !how;
  $("swipe").hidden = how !== "swipe";
  $("map2").hidden = how !== "side";
  $("about").textContent = [v.title, v.units && `(${v.units})`].filter(Boolean).join(" ");
  if (how === "difference" && lastMode !== how && $("colors").value === app.page.color_list[0]) $("colors").value = "diverging";
  lastMode = how;
  fillRange();
  redraw();
}
