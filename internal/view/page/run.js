// A run under way: which shards are done.
import { $, app, ask, here, redraw } from "./state.js";
import { renew } from "./layers.js";

// watch looks for news of the run, again and again.
export async function watch() {
  const every = () => setTimeout(watch, app.page.state.reading ? 500 : 3000), window = app.page.window;
  try {
    const state = await ask(here("state.json"));
    if (window !== app.page.window) return every();
    const news = state.version !== app.page.state.version;
    const none = app.page.state.done + app.page.state.planned === 0;
    app.page.state = state;
    progress();
    if (news) {
      app.shards = null;
      const fresh = await ask(here("view.json", window));
      if (window !== app.page.window) return every();
      app.page.planes = fresh.planes;
      if (none) { app.view.plane = $("plane").value = fresh.plane; app.view.showAll(app.canvases[0].width, app.canvases[0].height); }
      renew();
      await shardBorders();
      redraw();
    }
  } catch (error) {
    $("progress").textContent = `The server does not answer: ${error.message || error}`;
  }
  every();
}

// progress says how far the run is.
export function progress() {
  const s = app.page.state, all = s.done + s.planned;
  const parts = [`${s.done.toLocaleString("en")}${s.planned ? ` of ${all.toLocaleString("en")}` : ""} ${(s.planned ? all : s.done) === 1 ? "shard" : "shards"} done`];
  if (s.empty) parts.push(`${s.empty} empty`);
  if (s.partial) parts.push(`${s.partial} without some granules`);
  if (s.reading) parts.push(`reading ${s.reading} records`);
  if (s.fault) parts.push(s.fault);
  $("progress").textContent = parts.join(", ");
  $("bar").hidden = !s.planned;
  $("bar").value = all ? s.done / all : 0;
}

// shardBorders asks for the outlines of shards, if they are shown.
export async function shardBorders() {
  if (!$("shards").checked || app.shards) return;
  const window = app.page.window, found = await ask(here("shards.json"));
  if (window !== app.page.window) return;
  app.shards = {};
  for (const s of found) for (const ring of s.outline) (app.shards[s.state] ||= []).push([...ring, ring[0]].flat());
}
