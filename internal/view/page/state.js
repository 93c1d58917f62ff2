// What all parts of the page share: the controls, what is shown, and requests.

export const $ = (id) => document.getElementById(id);

// app is filled in by app.js when the page knows its store.
export const app = {
  page: null, // view.json of the window of time that is shown
  view: null, // the part of a plane that is seen
  canvases: [], // the map, and the one beside it
  histogram: null,
  coast: null, // lines, once they are there
  shards: null, // outlines of shards as lines, by state; null: to be asked for
  shown: null, // the cell that was asked about
  keyboard: false, // whether the map is used by keys
  draw: null, // draws everything
};

export async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 300));
  return answer.json();
}

// here is a path of what belongs to a window of time, by default the one that is shown.
export const here = (path, window = app.page.window) => (window ? `at/${encodeURIComponent(window)}/${path}` : path);

// index is the variable that a control has chosen.
export const index = (id) => Number($(id).value);
export const mode = () => $("compare").value;
// name is what is shown: a variable, or the difference of two.
export const name = () => (mode() === "difference" ? `${index("variable")}-${index("with")}` : String(index("variable")));
export const unit = () => app.page.variables[index("variable")].units || "";

let waiting = false;
// redraw draws everything in the next frame, once.
export function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; app.draw(); });
}
