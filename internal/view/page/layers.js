// The tiles of the variables that are shown.
import { app, here, index, redraw } from "./state.js";
import { Tiles, difference } from "./tiles.js";

const layers = new Map(); // Tiles by variable
const differences = new Map(); // tiles by the two variables and their key

// layer is the tiles of a variable. A static site has a list of those with values.
export function layer(variable) {
  if (!layers.has(variable)) {
    const locate = (key) => (app.page.static && !app.page.static_tiles[variable]?.has(key) ? null : here(`tiles/${variable}/${key}.bin`));
    layers.set(variable, new Tiles(app.page.tile_side, locate, redraw));
  }
  return layers.get(variable);
}

// differing is a tile of the first layer less the second, once both are there.
export function differing(a, b, key) {
  const x = a.get(key), y = b.get(key);
  const id = `${index("variable")}-${index("with")}/${key}`;
  let t = differences.get(id);
  if (!t || t.a !== x?.values || t.b !== y?.values) {
    t = { a: x?.values, b: y?.values, values: difference(x, y), loading: !x || !y || x.loading || y.loading };
    if (differences.size > 300) differences.clear();
    if (!t.loading) differences.set(id, t);
  }
  return t;
}

// only asks for no more tiles of other variables than these.
export function only(variables) {
  for (const [variable, l] of layers) if (!variables.includes(variable)) l.want([]);
}

// renew asks for all tiles again.
export function renew() {
  for (const l of layers.values()) l.renew();
}

// forget drops all tiles: they are of another window of time.
export function forget() {
  only([]);
  layers.clear();
  differences.clear();
}
