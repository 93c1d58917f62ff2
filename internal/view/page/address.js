// Where we are is in the page's address, so that it can be kept and sent on.
import { $, app, index, mode } from "./state.js";
import { keep, kept } from "./ranges.js";

// remember puts what is shown into the address.
export function remember() {
  const q = new URLSearchParams({ variable: app.page.variables[index("variable")].name, plane: app.view.plane, x: app.view.x.toFixed(3), y: app.view.y.toFixed(3), scale: app.view.scale.toPrecision(5), colors: $("colors").value });
  if (app.page.window) q.set("time", app.page.window);
  if (mode()) { q.set("compare", mode()); q.set("with", app.page.variables[index("with")].name); }
  if (kept()) q.set("range", kept().join(","));
  history.replaceState(null, "", `#${q}`);
}

// recall shows what the address says, as far as there is such.
export function recall() {
  const q = new URLSearchParams(location.hash.slice(1));
  const find = (text) => app.page.variables.findIndex((v) => v.name === text);
  if (find(q.get("variable")) >= 0) $("variable").value = String(find(q.get("variable")));
  if (find(q.get("with")) >= 0) $("with").value = String(find(q.get("with")));
  if ([...$("compare").options].some((o) => o.value === q.get("compare"))) $("compare").value = q.get("compare");
  if (app.page.colors[q.get("colors")]) $("colors").value = q.get("colors");
  if (app.page.planes.some((p) => p.name === q.get("plane"))) app.view.plane = $("plane").value = q.get("plane");
  $("map2").hidden = mode() !== "side"; // the maps have their size now
  app.view.showAll(app.canvases[0].width, app.canvases[0].height);
  const [x, y, s] = ["x", "y", "scale"].map((k) => Number(q.get(k)));
  if (q.has("scale") && [x, y, s].every(Number.isFinite) && s > 0) { Object.assign(app.view, { x, y, scale: s }); app.view.limit(); }
  const range = (q.get("range") || "").split(",").map(Number);
  if (range.length === 2 && range[0] < range[1]) keep(range);
}
