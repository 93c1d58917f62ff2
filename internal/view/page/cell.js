// What is known of a cell.
import { $, app, ask, here, redraw } from "./state.js";

let asked = 0; // times that a cell was asked about: only the latest answer is shown

// inspect shows the cell at a place.
export async function inspect(lon, lat) {
  const turn = ++asked;
  $("cell").textContent = "…";
  try {
    const found = app.page.static ? await findCell((path) => ask(here(path)), lon, lat, app.page.window) : await ask(here(`cell.json?lon=${lon}&lat=${lat}`));
    if (turn !== asked) return;
    app.shown = found;
    showCell($("cell"), found);
    $("cellTitle").scrollIntoView({ block: "start" }); // its heading: on a low window it is below the controls
  } catch (error) {
    if (turn !== asked) return;
    app.shown = null;
    $("cell").textContent = String(error.message || error);
  }
  redraw();
}

const element = (tag, ...children) => {
  const e = document.createElement(tag);
  e.append(...children);
  return e;
};
const row = (name, ...values) => element("tr", element("td", name), element("td", ...values));

// showCell writes a cell and its shard's record. All of it is text: names and attributes come from stores of anybody.
export function showCell(into, cell) {
  const about = element("table");
  about.append(row("centre", `${cell.lat.toFixed(6)}, ${cell.lon.toFixed(6)}`), row("shard", `${cell.shard} (${cell.state})`));
  for (const [name, value] of cell.names || []) about.append(row(name, value));
  const parts = [about];
  if (cell.values) {
    const values = element("table");
    for (const v of cell.values) values.append(row(v.name, ...valueOf(v)));
    parts.push(element("h2", "Values"), values);
  }
  if (cell.record) parts.push(element("h2", "Record"), record(cell.record));
  into.replaceChildren(...parts);
}

function valueOf(v) {
  if (v.no_data) return ["no value"];
  const unit = v.units && v.units !== "1" ? ` ${v.units}` : "";
  if (!v.digest) return [v.numbers.join(" ") + unit];
  const q = v.digest.quantiles.map((x) => Number(x.toPrecision(6)));
  return [`${v.digest.weight} values, median ${q[3]}${unit}, middle half ${q[2]} to ${q[4]}, from ${q[0]} to ${q[6]}`, element("pre", v.digest.picture)];
}

function record(r) {
  const t = element("table");
  t.append(row("status", r.status), row("granules", String(r.granule_count)), row("observations", r.observations.toLocaleString("en")), row("cells", r.cells.toLocaleString("en")),
    row("objects", `${r.objects}, ${r.bytes.toLocaleString("en")} bytes`), row("took", `${r.seconds.toFixed(2)} s`), row("written", r.written_at), row("by", `zagg ${r.zagg_version}`),
    row("configuration", r.config_hash.slice(0, 12)));
  if (r.run_id) t.append(row("run", r.run_id));
  for (const g of r.granules || []) t.append(row("granule", g.id));
  for (const m of r.missing || []) t.append(row("missing", m));
  return t;
}

// findCell finds the cell at a place among the files of a static site.
export async function findCell(ask, lon, lat, window = "") {
  const shards = await ((findCell.shards ||= new Map()).get(window) || findCell.shards.set(window, ask("shards.json")).get(window));
  for (const s of shards) {
    if (!s.outline.some((ring) => near(ring, lon, lat))) continue;
    const cells = await ask(`cells/${encodeURIComponent(s.label)}.json`).catch(() => null);
    if (!cells) continue;
    for (let i = 0; i < cells.outlines.length; i++) {
      if (!inside(cells.outlines[i], lon, lat)) continue;
      return {
        shard: s.label, state: s.state, lon: cells.lon[i], lat: cells.lat[i], outline: cells.outlines[i], record: cells.record,
        values: cells.variables.map((v) => ({ name: v.name, units: v.units, numbers: [String(v.values[i])], no_data: v.values[i] === null })),
      };
    }
  }
  throw new Error("no cell with data is here");
}

// flat is places around a point on a plane that touches the globe there.
function flat(ring, lon, lat) {
  const r = Math.PI / 180, s = Math.sin(lat * r), c = Math.cos(lat * r);
  return ring.map(([a, b]) => {
    const d = (a - lon) * r, sb = Math.sin(b * r), cb = Math.cos(b * r), front = s * sb + c * cb * Math.cos(d);
    return [cb * Math.sin(d) / Math.max(front, 1e-3), (c * sb - s * cb * Math.cos(d)) / Math.max(front, 1e-3)];
  });
}

function inside(ring, lon, lat) {
  const p = flat(ring, lon, lat);
  let odd = false;
  for (let i = 0, j = p.length - 1; i < p.length; j = i++) {
    if ((p[i][1] > 0) !== (p[j][1] > 0) && p[i][0] - p[i][1] * (p[j][0] - p[i][0]) / (p[j][1] - p[i][1]) > 0) odd = !odd;
  }
  return odd;
}

// near reports whether a place is in a ring or not far from it.
function near(ring, lon, lat) {
  const p = flat(ring, lon, lat), size = Math.max(...p.map(([x, y]) => Math.hypot(x, y)));
  const across = Math.max(...p.map(([x, y]) => Math.hypot(x - p[0][0], y - p[0][1])));
  return size < 1.2 * across;
}
