// A plugin in JavaScript, without packages, that misbehaves: faulty.js KIND CALL SILENCE [once=FILE], with CALL one of the protocol's, SILENCE the seconds that it
// declares, and FILE one that says that it has gone wrong already. Its grid has two cells, its reader a row that nobody wrote.
"use strict";
const fs = require("fs"), http2 = require("http2"), path = require("path");
const [KIND, CALL, SILENCE, once = ""] = process.argv.slice(2), ONCE = once.slice("once=".length);

const varint = (n) => { const out = []; for (n = BigInt(n); n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128); return Buffer.from([...out, Number(n)]); };
const field = (number, value) => {
  if (typeof value === "number" || typeof value === "bigint") return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
};
const real = (number, value) => { const b = Buffer.alloc(8); b.writeDoubleLE(value); return Buffer.concat([varint((number << 3) | 1), b]); };
const message = (...fields) => Buffer.concat(fields);
function decode(b) {
  const fields = {};
  let at = 0;
  const next = () => { let n = 0n; for (let shift = 0n; ; shift += 7n) { const x = b[at++]; n |= BigInt(x & 127) << shift; if (x < 128) return n; } };
  while (at < b.length) {
    const tag = Number(next()), kind = tag & 7;
    let value;
    if (kind === 0) value = next();
    else { const n = kind === 2 ? Number(next()) : kind === 1 ? 8 : 4; value = b.subarray(at, at + n); at += n; }
    (fields[tag >> 3] ||= []).push(value);
  }
  return fields;
}
const one = (fields, number, none = Buffer.alloc(0)) => (fields[number] ? fields[number].at(-1) : none);
const floats = (b) => new Float64Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length));
const octets = (array) => Buffer.from(array.buffer);

const FLOAT32 = 10, FLOAT64 = 11, made = new Map(), values = new Map();
const valueOf = (v) => { const id = one(v, 1, 0n); return id === 0n ? one(v, 2) : values.get(id); };
const column = (name, array) => field(1, message(field(1, message(field(1, name), field(2, FLOAT64), field(3, 1), field(4, array.length), field(6, 8 * array.length))), field(2, octets(array))));

function configure(request) {
  const kind = Number(one(request, 1, 0n)), handle = made.size + 1;
  made.set(handle, kind);
  const info = {
    1: () => field(2, message(field(1, '{"type":"halves"}'), field(2, message(field(1, "halves"), field(2, message(field(1, "cell"), field(2, 2), field(3, 1), field(4, 1))), field(3, message(field(1, "half"), field(2, FLOAT64), field(3, 1))))))),
    2: () => field(3, message(field(3, ""), field(4, message(field(1, "v"), field(2, FLOAT64), field(3, 1))))),
    3: () => field(4, message(field(1, message(field(1, "source"))), field(2, message(field(2, FLOAT64), field(3, 1), field(5, '"NaN"'))))),
  };
  const can = { 1: [5, 9, 10, 12], 2: [6, 8, 13], 3: [7] }[kind]; // what is optional, by the fields of Instance
  return message(field(1, handle), info[kind](), ...can.map((n) => field(n, 1)));
}

function compute(request) {
  const offsets = new BigInt64Array(Uint8Array.from(valueOf(decode(one(request, 3)))).buffer), input = decode(request[4][0]);
  const type = Number(one(decode(one(input, 1)), 2, 0n)), bytes = Uint8Array.from(valueOf(decode(one(input, 2))));
  if (type !== FLOAT32 && type !== FLOAT64) throw new Error("want float32 or float64");
  const source = type === FLOAT32 ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer), out = new Float64Array(Math.max(offsets.length - 1, 0));
  for (let i = 0; i < out.length; i++) for (let k = Number(offsets[i]); k < Number(offsets[i + 1]); k++) out[i] += source[k];
  return [message(column("", out))];
}

function upload(frames) {
  let parts = [];
  for (const f of frames.map(decode)) {
    parts.push(one(f, 3));
    const bytes = Buffer.concat(parts);
    if (BigInt(bytes.length) >= one(f, 2, 0n)) { values.set(one(f, 1, 0n), bytes); parts = []; }
  }
}

const ring = octets(Float64Array.from([-180, -90, 180, -90, 180, 90, -180, 90]));
const outline = message(field(1, message(field(1, ring))), field(3, 1));
const shard = (key) => message(field(1, key), field(2, key), field(4, octets(BigInt64Array.from([BigInt(String(key))]))), field(5, outline), real(6, 255032810));
const half = (x, y) => (!isFinite(x) || !(Math.abs(y) <= 90) ? -1 : (((x + 180) % 360) + 360) % 360 >= 180 ? 1 : 0); // of the Earth; -1: of none
function locate(request) {
  const key = Number(String(one(request, 2))), lon = floats(one(request, 3)), lat = floats(one(request, 4));
  return Int32Array.from(lon, (x, i) => (half(x, lat[i]) === key ? 0 : -1));
}
function locateIn(request) {
  const keys = (request[2] || []).map(String), lon = floats(one(request, 3)), lat = floats(one(request, 4));
  if (new Set(keys).size < keys.length) throw new Error("a shard is there twice");
  const shard = Int32Array.from(lon, (x, i) => keys.indexOf(String(half(x, lat[i]))));
  return message(field(1, octets(shard)), field(2, octets(shard.map((n) => (n < 0 ? -1 : 0)))));
}
function coverCells(request) {
  const words = (set) => { const b = one(decode(set), 1); return new BigUint64Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length)); };
  return message(...(request[2] || []).map((set, i) => (words(set).length && words(set).every((w) => w >> 60n >= 1n && w >> 60n <= 12n)
    ? field(1, message(field(1, i), field(2, "0"), field(2, "1"))) : field(2, i))));
}
function areas(request) {
  const slots = one(request, 3);
  if (slots.some((b) => b !== 0)) throw new Error("there is one slot");
  return message(field(1, octets(new Float64Array(slots.length / 4).fill(255032810))));
}
const names = (request) => {
  const lat = floats(one(request, 3)), found = floats(one(request, 2)).map((x, i) => Math.max(half(x, lat[i]), 0));
  return message(column("half", Float64Array.from(found)));
};
const identify = (name) => { const data = name.includes("_") ? name.slice(0, name.lastIndexOf("_")) : ""; return data ? message(field(1, data), field(2, 1)) : message(); };
const batch = (wanted) => [message(field(2, message(field(1, ""), field(2, 1)))),
  message(field(3, message(column("lon", Float64Array.of(1)), column("lat", Float64Array.of(2)), ...wanted.map((n) => column(String(n), Float64Array.of(3))))))];

// A conversation asks, one thing after another, for what it takes to answer, and then says it: `ask` gives the fields of the Answer.
async function read(start, ask) {
  const index = assets(start).index;
  let use = 0;
  if (index) {
    const got = await ask(field(2, index), field(3, message(field(1, 0), field(2, 1000))));
    const notFound = got[6] && one(decode(one(got, 6)), 1, 0n) === 2n;
    use = notFound ? 2 : Buffer.compare(one(got, 3), await indexed(start, ask)) === 0 ? 1 : 3;
  }
  return [...batch(decode(one(start, 3))[2] || []), message(field(4, message(field(1, 1), field(2, 1), field(6, use))))];
}
const described = (wanted) => JSON.stringify([["", "lat"], ["", "lon"], ...wanted.map((n) => [n, n])].map(([column, path]) => ({ column, path, units: column ? "m" : "degrees" })));
const index = async (start, ask) => {
  const bytes = one(start, 4, 0n) ? described((decode(one(start, 3))[2] || []).map(String)) : await indexed(start, ask);
  return [message(field(5, bytes)), message(field(4, message()))];
};
const assets = (start) => Object.fromEntries((decode(one(start, 2))[2] || []).map(decode).map((a) => [String(one(a, 1)), one(a, 2)]));
const indexed = async (start, ask) => Buffer.from(`one row, ${one(decode(one(await ask(field(2, assets(start).data), field(4, 1)), 5)), 3, 0n)} bytes`);

// The calls: each takes the messages of a request and gives those of the answer.
const makers = [[1, "halves"], [2, "rows"], [3, "total"]].map(([kind, name]) => field(3, message(field(1, kind), field(2, name), field(3, "For tests"), field(4, '{"type":"object","additionalProperties":false}'))));
const calls = {
  "/zagg.v1.Plugin/Describe": () => [message(field(1, "faulty"), field(2, "1"), ...makers, field(4, Number(SILENCE)))],
  "/zagg.v1.Plugin/Configure": ([request]) => [configure(decode(request))],
  "/zagg.v1.Plugin/Release": () => [message()],
  "/zagg.v1.Grid/Cover": ([request]) => [message(...(decode(request)[2] || []).map((r, i) => (decode(r)[1] ? field(1, message(field(1, i), field(2, "0"), field(2, "1"))) : Buffer.alloc(0))))],
  "/zagg.v1.Grid/Shards": ([request]) => [message(...(decode(request)[2] || []).map((key) => field(1, shard(key))))],
  "/zagg.v1.Grid/Cells": ([request]) => [message(column("lon", Float64Array.of(String(one(decode(request), 2)) === "0" ? -90 : 90)), column("lat", Float64Array.of(0)), column("half", Float64Array.of(Number(String(one(decode(request), 2))))))],
  "/zagg.v1.Grid/Locate": ([request]) => [message(field(1, octets(locate(decode(request)))))],
  "/zagg.v1.Grid/LocateIn": ([request]) => [locateIn(decode(request))],
  "/zagg.v1.Grid/Names": ([request]) => [names(decode(request))],
  "/zagg.v1.Grid/CoverCells": ([request]) => [coverCells(decode(request))],
  "/zagg.v1.Grid/CellAreas": ([request]) => [areas(decode(request))],
  "/zagg.v1.Reader/Identify": ([request]) => [message(...(decode(request)[2] || []).map((name) => field(1, identify(String(name)))))],
  "/zagg.v1.Statistic/Upload": (frames) => { upload(frames); return [message()]; },
  "/zagg.v1.Statistic/Drop": () => [message()],
  "/zagg.v1.Statistic/Compute": ([request]) => compute(decode(request)),
  "/zagg.v1.Statistic/Fold": ([request]) => compute(decode(request)),
  "/grpc.health.v1.Health/Check": () => [message(field(1, 1))],
  "/plugin.GRPCController/Shutdown": () => { setTimeout(() => process.exit(0), 50); return [message()]; },
};
const conversations = { "/zagg.v1.Reader/Read": read, "/zagg.v1.Reader/Index": index };

// due reports that this call goes wrong.
function due(call) {
  if (!CALL || !call.endsWith("/" + CALL)) return false;
  if (ONCE) { try { fs.closeSync(fs.openSync(ONCE, "wx")); } catch { return false; } }
  process.stderr.write(`faulty: ${KIND} now\n`);
  return true;
}

// wrong does what was asked for in place of the answer; true where the call ends as others do, with another answer or later.
function strike(stream) {
  if (KIND === "kill") process.kill(process.pid, "SIGKILL");
  if (KIND === "leave") process.exit(7);
  if (KIND === "panic") setImmediate(() => { throw new Error("index out of bounds"); });
  if (KIND === "hang") for (;;);
  if (KIND === "leak") { const kept = []; setInterval(() => kept.push(Buffer.alloc(32 << 20, 1)), 20); }
  if (KIND === "garbage") stream.end("this is no message");
  if (KIND === "huge") stream.end(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 0]));
}

// longer answers with more than was asked for.
function longer(call, answers) {
  if (call.endsWith("/Describe")) return [message(field(1, "faulty"), field(2, "1"))];
  if (call.endsWith("/Configure")) return [message(field(1, 0))];
  if (call.endsWith("/Locate")) return [message(field(1, octets(new Int32Array(1e6))))];
  if (call.endsWith("/Cover")) return [message(field(1, message(field(1, 1 << 20), field(2, "0"))))];
  if (call.endsWith("/CoverCells")) return [message(field(2, 1 << 20))];
  if (call.endsWith("/LocateIn")) return [message(field(1, octets(new Int32Array(1e6))), field(2, octets(new Int32Array(1e6))))];
  if (call.endsWith("/CellAreas")) return [message(field(1, octets(new Float64Array(1e6))))];
  if (call.endsWith("/Names")) return [message(column("half", new Float64Array(1e4)))];
  if (call.endsWith("/Identify")) return [message(...Array(1e5).fill(field(1, identify("a_b"))))];
  if (call.endsWith("/Read")) return [message(field(2, message(field(1, ""), field(2, 7)))), ...answers.slice(1)];
  return ["/Shards", "/Cells", "/Compute", "/Fold", "/Index"].some((name) => call.endsWith(name)) ? [...answers, ...answers] : answers;
}

function answer(stream, call, talk) {
  let trailers = { "grpc-status": "0" };
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  const write = (m) => { const size = Buffer.alloc(5); size.writeUInt32BE(m.length, 1); stream.write(Buffer.concat([size, m])); };
  const send = async (heard, bad) => {
    if (!heard) { trailers = { "grpc-status": "12" }; return stream.end(); }
    let answers, asks = 0;
    const ask = async (...what) => { write(message(field(1, message(field(1, ++asks), ...what)))); return decode(one(decode(await talk.next()), 2)); };
    try { answers = conversations[call] ? await conversations[call](decode(one(decode(heard), 1)), ask) : calls[call](heard); } catch (e) { // INVALID
      trailers = { "grpc-status": "3", "zagg-error-bin": message(field(1, 1), field(4, e.message)).toString("base64") };
      return stream.end();
    }
    for (const m of bad && KIND === "lengths" ? longer(call, answers) : answers) write(m);
    stream.end();
  };
  const heard = conversations[call] ? talk.next() : calls[call] ? talk.all() : Promise.resolve(null);
  heard.then((heard) => {
    const bad = due(call);
    if (bad && !["none", "slow", "lengths"].includes(KIND)) return strike(stream);
    setTimeout(() => send(heard, bad), bad && KIND === "slow" ? 500 : 0);
  });
}

// A talk is the messages of a request: one after another as they come, or all when it is over.
class Talk {
  #parts = Buffer.alloc(0); #over = false; #wake = () => {};
  add(part) { this.#parts = Buffer.concat([this.#parts, part]); this.#wake(); }
  end() { this.#over = true; this.#wake(); }
  async next() {
    for (;;) {
      const size = this.#parts.length >= 5 ? 5 + this.#parts.readUInt32BE(1) : Infinity;
      if (this.#parts.length >= size) { const m = this.#parts.subarray(5, size); this.#parts = this.#parts.subarray(size); return m; }
      if (this.#over) return null;
      await new Promise((wake) => { this.#wake = wake; });
    }
  }
  async all() { const all = []; for (let m; (m = await this.next()); ) all.push(m); return all; }
}

if (process.env.ZAGG_PLUGIN !== "grids-readers-statistics") { console.error("This is a plugin of zagg for tests."); process.exit(1); }
process.on("SIGINT", () => {});
process.on("SIGTERM", () => process.exit(0));
process.stdin.resume().on("end", () => process.exit(0)).on("error", () => process.exit(0));
const server = http2.createServer({ maxSessionMemory: 1000, settings: { initialWindowSize: 1 << 20 } });
server.on("stream", (stream, headers) => {
  const talk = new Talk();
  stream.on("error", () => {}); // the host has ended the call
  stream.on("data", (part) => talk.add(part));
  stream.on("end", () => talk.end());
  answer(stream, headers[":path"], talk);
});
const address = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR, "faulty.sock");
server.listen(address, () => process.stdout.write(`1|1|unix|${address}|grpc|\n`));
