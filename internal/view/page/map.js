// A map: a part of a plane on a canvas.
import { planes } from "./planes.js";
import { picture } from "./tiles.js";

// A View is what part of which plane is seen; maps side by side share one.
export class View {
  constructor(page) {
    this.page = page;
    this.plane = page.plane;
    this.x = this.y = 0;
    this.scale = 0.1; // CSS pixels to a km
  }

  get projection() { return planes[this.plane]; }

  // stretch is how many km of the plane a km on the ground is in the middle of the view, from west to east.
  stretch() {
    const { circle, inverse } = this.projection;
    if (!circle) return 1;
    const lat = Math.min(Math.abs(inverse(this.x, this.y)[1]), 88);
    return circle / 360 / (111.195 * Math.cos(lat * Math.PI / 180));
  }

  showAll(width, height) {
    const [x0, y0, x1, y1] = this.page.planes.find((p) => p.name === this.plane).extent;
    this.x = (x0 + x1) / 2;
    this.y = (y0 + y1) / 2;
    this.scale = 0.94 * Math.min(width / Math.max(x1 - x0, 1e-3), height / Math.max(y1 - y0, 1e-3));
    this.limit();
  }

  // limit keeps the view where there is something to see.
  limit() {
    const w = this.page.world_km;
    this.scale = Math.max(0.005, Math.min(this.scale, 3e5));
    this.x = Math.max(-w, Math.min(w, this.x));
    this.y = Math.max(-w, Math.min(w, this.y));
  }

  // zoom keeps what is at a point of the canvas, from its middle, where it is.
  zoom(factor, dx = 0, dy = 0) {
    const before = this.scale;
    this.scale *= factor;
    this.limit();
    this.x += dx / before - dx / this.scale;
    this.y -= dy / before - dy / this.scale;
    this.limit();
  }

  move(dx, dy) {
    this.x -= dx / this.scale;
    this.y += dy / this.scale;
    this.limit();
  }
}

export class Canvas {
  constructor(element, view) {
    this.element = element;
    this.view = view;
    this.context = element.getContext("2d");
  }

  get width() { return this.element.clientWidth; }
  get height() { return this.element.clientHeight; }

  place(x, y) { return [(x - this.view.x) * this.view.scale + this.width / 2, (this.view.y - y) * this.view.scale + this.height / 2]; }

  point(px, py) { return [this.view.x + (px - this.width / 2) / this.view.scale, this.view.y - (py - this.height / 2) / this.view.scale]; }

  // begin makes the canvas as large as it is seen.
  begin() {
    const ratio = this.ratio = window.devicePixelRatio || 1;
    const w = Math.round(this.width * ratio), h = Math.round(this.height * ratio);
    if (this.element.width !== w || this.element.height !== h) {
      this.element.width = w;
      this.element.height = h;
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    this.context.imageSmoothingEnabled = false;
  }

  // tiles lists those of the view: their zoom is that of whose pixels are about those of the screen.
  tiles() {
    const { page, scale, plane } = this.view, world = page.world_km;
    const exact = Math.log2(scale * (window.devicePixelRatio || 1) * 2 * world / page.tile_side);
    const most = page.static ? page.static_zoom[plane] ?? 0 : page.most_zoom;
    const z = Math.max(0, Math.min(most, Math.ceil(exact - 0.3)));
    const n = 2 ** z, side = 2 * world / n;
    const [x0, y1] = this.point(0, 0), [x1, y0] = this.point(this.width, this.height);
    const clip = (v) => Math.max(0, Math.min(n - 1, Math.floor(v)));
    const out = [];
    for (let y = clip((world - y1) / side); y <= clip((world - y0) / side); y++) {
      for (let x = clip((x0 + world) / side); x <= clip((x1 + world) / side); x++) out.push({ z, x, y, key: `${plane}/${z}/${x}/${y}` });
    }
    const [cx, cy] = [(this.view.x + world) / side, (world - this.view.y) / side];
    return out.sort((a, b) => Math.hypot(a.x + 0.5 - cx, a.y + 0.5 - cy) - Math.hypot(b.x + 0.5 - cx, b.y + 0.5 - cy));
  }

  // draw draws a tile, or what a coarser one has of it.
  draw(t, get, scale) {
    const { page, plane } = this.view, world = page.world_km, side = 2 * world / 2 ** t.z;
    const [px, py] = this.place(-world + side * t.x, world - side * t.y);
    const snap = (v) => Math.round(v * this.ratio) / this.ratio;
    const left = snap(px), top = snap(py), right = snap(px + side * this.view.scale), bottom = snap(py + side * this.view.scale);
    for (let up = 0; up <= t.z && up <= 6; up++) {
      const part = 2 ** up, key = `${plane}/${t.z - up}/${t.x >> up}/${t.y >> up}`;
      const kept = get(key);
      if (!kept || (!kept.values && kept.loading)) continue;
      if (!kept.values) return;
      const size = page.tile_side / part;
      this.context.drawImage(picture(kept, page.tile_side, scale), (t.x % part) * size, (t.y % part) * size, size, size, left, top, right - left, bottom - top);
      return;
    }
  }

  // lines draws lines of longitudes and latitudes by turns.
  lines(all, style, width) {
    const c = this.context, p = this.view.projection, jump = p.circle ? p.circle / 2 * this.view.scale : Infinity;
    c.strokeStyle = style;
    c.lineWidth = width;
    c.beginPath();
    for (const line of all) {
      let before = null;
      for (let i = 0; i < line.length; i += 2) {
        if (p.sign && line[i + 1] * p.sign < -5) { before = null; continue; }
        const at = this.place(...p.forward(line[i], line[i + 1]));
        if (before && Math.abs(at[0] - before[0]) < jump) c.lineTo(at[0], at[1]);
        else c.moveTo(at[0], at[1]);
        before = at;
      }
    }
    c.stroke();
  }

  // graticule draws meridians and parallels at round steps, with their degrees.
  graticule() {
    const p = this.view.projection;
    const [lon, lat] = p.inverse(this.view.x, this.view.y);
    const span = Math.min(180, Math.hypot(this.width, this.height) / this.view.scale / 111);
    const step = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001].find((s) => span / s >= 4) || 0.001;
    const cos = p.circle ? Math.min(1, p.circle / 360 / 111) : Math.max(Math.cos(lat * Math.PI / 180), 0.02);
    const wide = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001].find((s) => span / cos / s >= 4) || 0.001;
    const turn = p.sign && Math.abs(lat) + span / 2 > 89 ? 180 : Math.min(180, 0.75 * span / cos);
    const low = Math.max(-90, lat - span), high = Math.min(90, lat + span);
    const lines = [];
    for (let a = Math.ceil(low / step) * step; a <= high + 1e-9; a += step) {
      const line = [];
      for (let k = 0; k <= 120; k++) line.push(p.sign ? lon - turn + k * turn / 60 : Math.max(-180, Math.min(179.9999, lon - turn + k * turn / 60)), a);
      lines.push(line);
      this.label(...this.place(...p.forward(lon, a)), a === 0 ? "0°" : degrees(Math.abs(a), step) + (a < 0 ? "S" : "N"));
    }
    for (let o = Math.ceil((lon - turn) / wide) * wide; o <= lon + turn + 1e-9; o += wide) {
      const line = [];
      const end = p.sign ? 90 - 0.25 * Math.min(step, 4) : 90;
      for (let k = 0; k <= 60; k++) line.push(o, Math.max(-end, Math.min(end, low + k * (high - low) / 60)));
      lines.push(line);
      const w = o - 360 * Math.floor((o + 180) / 360);
      const at = p.sign ? Math.max(-80, Math.min(80, lat - 0.3 * p.sign * span * (Math.abs(lat) > 80 ? 1 : 0))) : lat;
      this.label(...this.place(...p.forward(o, at)), w === 0 ? "0°" : degrees(Math.abs(w), wide) + (w < 0 ? "W" : "E"));
    }
    this.lines(lines, "rgba(30,34,40,0.35)", 0.8);
    this.write();
  }

  label(x, y, text) { (this.labels ||= []).push([x, y, text]); }

  // write writes the labels that have room.
  write() {
    const c = this.context, taken = [];
    c.font = "11px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "middle";
    for (const [x, y, text] of this.labels || []) {
      if (!(x > 20 && y > 10 && x < this.width - 20 && y < this.height - 10)) continue;
      if (taken.some(([a, b]) => Math.abs(a - x) < 46 && Math.abs(b - y) < 16)) continue;
      taken.push([x, y]);
      c.strokeStyle = "rgba(255,255,255,0.85)";
      c.lineWidth = 3;
      c.strokeText(text, x, y);
      c.fillStyle = "#20242a";
      c.fillText(text, x, y);
    }
    this.labels = [];
  }

  // scaleBar draws a bar of a round length.
  scaleBar() {
    const c = this.context, perKM = this.view.scale * this.view.stretch(), longest = 0.2 * this.width / perKM;
    const power = 10 ** Math.floor(Math.log10(longest));
    const km = [5, 2, 1].map((m) => m * power).find((k) => k <= longest);
    const w = km * perKM, x = this.width - w - 16, y = this.height - 16;
    c.fillStyle = "rgba(255,255,255,0.85)";
    c.fillRect(x - 8, y - 24, w + 16, 34);
    c.fillStyle = "#20242a";
    c.fillRect(x, y - 2, w, 4);
    c.font = "12px system-ui, sans-serif";
    c.textAlign = "center";
    c.textBaseline = "alphabetic";
    c.fillText(km >= 1 ? `${km} km` : `${Number((km * 1000).toPrecision(1))} m`, x + w / 2, y - 8);
  }

  crosshair() {
    const c = this.context, x = this.width / 2, y = this.height / 2;
    for (const [style, width] of [["#fff", 4], ["#20242a", 1.5]]) {
      c.strokeStyle = style;
      c.lineWidth = width;
      c.beginPath();
      c.moveTo(x - 9, y); c.lineTo(x + 9, y);
      c.moveTo(x, y - 9); c.lineTo(x, y + 9);
      c.stroke();
    }
  }
}

export const degrees = (v, step) => v.toFixed(Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))) + "°";
