// Tiles of numbers: asked for, kept, and coloured.

// A Tiles is those of one variable.
export class Tiles {
  // locate says where a tile is, null: it is known to be empty; arrived is called whenever one has come.
  constructor(side, locate, arrived) {
    this.side = side;
    this.locate = locate;
    this.arrived = arrived;
    this.kept = new Map();
    this.failure = "";
    this.tooMany = 0;
  }

  // get is a tile, or undefined until it comes.
  get(key) {
    const t = this.kept.get(key);
    if (t) { // the latest asked for are the last to go
      this.kept.delete(key);
      this.kept.set(key, t);
    }
    return t;
  }

  // want asks for the tiles of a view, and for no others any more.
  want(keys) {
    const wanted = new Set(keys);
    for (const [key, t] of this.kept) {
      if (t.loading && !wanted.has(key)) {
        t.loading.abort();
        t.loading = null;
        t.stale = true;
        if (!t.values) this.kept.delete(key);
      }
    }
    for (const key of keys) {
      const t = this.kept.get(key);
      if (!t || (t.stale && !t.loading)) this.load(key, t);
    }
    for (const key of this.kept.keys()) {
      if (this.kept.size <= 400) break;
      if (!wanted.has(key)) this.kept.delete(key);
    }
  }

  busy(keys) { return keys.some((key) => !this.kept.get(key) || this.kept.get(key).loading || this.kept.get(key).pending); }

  // renew asks again for all tiles; until they come the old ones stay.
  renew() {
    for (const t of this.kept.values()) t.stale = true;
  }

  async load(key, t) {
    const url = this.locate(key);
    t = t || { values: null, pending: 0 };
    this.kept.set(key, t);
    t.stale = false;
    if (!url) { t.pending = 0; return; }
    const loading = t.loading = new AbortController();
    let later = 0;
    try {
      const answer = await fetch(url, { signal: loading.signal });
      if (!answer.ok && answer.status !== 404 && answer.status !== 403) throw new Error((await answer.text()).slice(0, 300));
      const body = answer.ok ? new Uint8Array(await answer.arrayBuffer()) : new Uint8Array();
      const values = body.length ? await unpack(body) : null;
      if (t.loading !== loading) return;
      t.values = values;
      t.picture = null;
      t.pending = Number(answer.headers.get("X-Zagg-Pending") || 0);
      t.tooMany = Number(answer.headers.get("X-Zagg-Too-Many") || 0);
      t.failure = decodeURIComponent(answer.headers.get("X-Zagg-Failed") || "");
      if (t.pending) later = 300;
    } catch (error) {
      if (t.loading !== loading) return;
      t.failure = String(error.message || error);
      later = 3000;
    }
    t.loading = null;
    if (later) setTimeout(() => { t.stale = true; this.arrived(); }, later);
    this.arrived();
  }
}

async function unpack(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Float32Array(await new Response(stream).arrayBuffer());
}

// picture colours values, once for each scale.
export function picture(t, side, scale) {
  if (t.picture && t.scale === scale.key) return t.picture;
  const canvas = t.picture || document.createElement("canvas");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  const n = scale.colors.length - 1, factor = n / (scale.high - scale.low);
  for (let i = 0; i < pixels.length; i++) {
    const v = t.values[i];
    if (v === v) pixels[i] = scale.colors[Math.max(0, Math.min(n, Math.round((v - scale.low) * factor)))];
  }
  context.putImageData(image, 0, 0);
  t.picture = canvas;
  t.scale = scale.key;
  return canvas;
}

// difference is the values of a less those of b.
export function difference(a, b) {
  if (!a?.values || !b?.values) return null;
  const values = new Float32Array(a.values.length);
  for (let i = 0; i < values.length; i++) values[i] = a.values[i] - b.values[i];
  return values;
}
