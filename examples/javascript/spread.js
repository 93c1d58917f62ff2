#!/usr/bin/env node
// A plugin for zagg in JavaScript, by docs/plugin-protocol.md alone: the statistic "spread", maximum less minimum of each cell, times a factor. It needs
// Node.js 18 or newer and no packages: gRPC is HTTP/2 with five bytes before each message, and messages are a few fields of protocol buffers.
"use strict";
const http2 = require("http2"), path = require("path");

// Protocol buffers: a message is fields, each a number and a varint (kind 0) or bytes (kind 2).
const varint = (n) => { const out = []; for (n = BigInt(n); n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128); return Buffer.from([...out, Number(n)]); };
const field = (number, value) => {
  if (typeof value === "number" || typeof value === "bigint") return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
};
const message = (...fields) => Buffer.concat(fields);
function decode(b) { // field number → list of values, numbers as BigInt
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
const one = (fields, number, none) => (fields[number] ? fields[number].at(-1) : none);

// Errors: a code of the protocol, and the status of gRPC that goes with it.
const INVALID = 1, NOT_FOUND = 2, STATUS = { 0: 13, 1: 3, 2: 5 };
class Failure extends Error { constructor(code, text, subject = "") { super(text); Object.assign(this, { code, subject }); } }

// The statistic. Types of columns are those of the protocol, from 1.
const ARRAYS = { 1: Uint8Array, 2: Int8Array, 3: Int16Array, 4: Int32Array, 5: BigInt64Array, 6: Uint8Array, 7: Uint16Array, 8: Uint32Array, 9: BigUint64Array, 10: Float32Array, 11: Float64Array };
const FLOAT64 = 11, FRAME = 256 << 10;
const view = (type, b) => new ARRAYS[type](b.buffer.slice(b.byteOffset, b.byteOffset + b.length));
const made = new Map(), values = new Map();

function configure(request) {
  if (Number(one(request, 1, 0n)) !== 3 || String(one(request, 2, "")) !== "spread") throw new Failure(NOT_FOUND, "there is only the statistic spread", String(one(request, 2, "")));
  let config = {};
  try { config = JSON.parse(String(one(request, 3, "")) || "{}"); } catch (e) { throw new Failure(INVALID, e.message, "config"); }
  if (config === null || typeof config !== "object" || Array.isArray(config)) throw new Failure(INVALID, "want an object", "config");
  for (const key of Object.keys(config)) if (key !== "factor") throw new Failure(INVALID, "no such key; have factor", key);
  const { factor = 1 } = config;
  if (typeof factor !== "number") throw new Failure(INVALID, "want a number", "factor");
  made.set(made.size + 1, factor);
  const output = message(field(2, FLOAT64), field(3, 1), field(5, '"NaN"'), field(6, "{source}"));
  return message(field(1, made.size), field(4, message(field(1, message(field(1, "source"))), field(2, output))));
}

const valueOf = (v) => {
  const id = one(v, 1, 0n);
  if (id === 0n) return one(v, 2, Buffer.alloc(0));
  if (!values.has(id)) throw new Failure(INVALID, `value ${id} was not uploaded`);
  return values.get(id);
};

function compute(request) {
  const factor = made.get(Number(one(request, 1, 0n)));
  if (factor === undefined) throw new Failure(INVALID, "no such handle");
  const offsets = view(5, valueOf(decode(one(request, 3, Buffer.alloc(0)))));
  const inputs = request[4] || [];
  if (inputs.length !== 1) throw new Failure(INVALID, `spread takes one column, not ${inputs.length}`);
  const input = decode(inputs[0]), head = decode(one(input, 1, Buffer.alloc(0))), type = Number(one(head, 2, 0n));
  if (!ARRAYS[type] || Number(one(head, 3, 1n)) > 1 || one(head, 5, 0n)) throw new Failure(INVALID, "want one number per observation", String(one(head, 1, "")));
  const column = view(type, valueOf(decode(one(input, 2, Buffer.alloc(0)))));
  const slots = Math.max(offsets.length - 1, 0), out = new Float64Array(slots);
  if (slots && Number(offsets[slots]) !== column.length) throw new Failure(INVALID, `offsets are of ${offsets[slots]} observations, and there are ${column.length}`);
  for (let i = 0; i < slots; i++) {
    let least = Infinity, most = -Infinity;
    for (let k = Number(offsets[i]); k < Number(offsets[i + 1]); k++) {
      const x = Number(column[k]);
      least = x < least || x !== x ? x : least;
      most = x > most || x !== x ? x : most;
    }
    out[i] = least === Infinity && most === -Infinity ? NaN : (most - least) * factor;
  }
  const bytes = Buffer.from(out.buffer), top = message(field(2, FLOAT64), field(3, 1), field(4, slots), field(6, bytes.length));
  const frames = [message(field(1, message(field(1, top), field(2, bytes.subarray(0, FRAME)))))];
  for (let at = FRAME; at < bytes.length; at += FRAME) frames.push(message(field(1, message(field(2, bytes.subarray(at, at + FRAME))))));
  return frames;
}

function upload(frames) {
  let parts = [];
  for (const f of frames.map(decode)) {
    parts.push(one(f, 3, Buffer.alloc(0)));
    const bytes = Buffer.concat(parts);
    if (BigInt(bytes.length) >= one(f, 2, 0n)) { values.set(one(f, 1, 0n), bytes); parts = []; }
  }
}

// The calls: each takes the messages of a request and gives those of the answer.
const SCHEMA = '{"type":"object","properties":{"factor":{"type":"number","default":1}},"additionalProperties":false,"examples":[{"factor":2}]}';
const maker = message(field(1, 3), field(2, "spread"), field(3, "Maximum less minimum, times a factor"), field(4, SCHEMA));
const ids = (b) => { let all = []; for (const v of decode(b)[1] || []) all = all.concat(typeof v === "bigint" ? v : packed(v)); return all; };
const packed = (b) => { const out = []; let n = 0n, shift = 0n; for (const x of b) { n |= BigInt(x & 127) << shift; shift += 7n; if (x < 128) { out.push(n); n = 0n; shift = 0n; } } return out; };
const calls = {
  "/zagg.v1.Plugin/Describe": () => [message(field(1, "spread"), field(2, "1.0.0"), field(3, maker))],
  "/zagg.v1.Plugin/Configure": ([request]) => [configure(decode(request))],
  "/zagg.v1.Plugin/Release": () => [message()],
  "/zagg.v1.Statistic/Upload": (frames) => { upload(frames); return [message()]; },
  "/zagg.v1.Statistic/Drop": ([request]) => { for (const id of ids(request)) values.delete(id); return [message()]; },
  "/zagg.v1.Statistic/Compute": ([request]) => compute(decode(request)),
  "/grpc.health.v1.Health/Check": () => [message(field(1, 1))],
  "/plugin.GRPCController/Shutdown": () => { setTimeout(() => process.exit(0), 50); return [message()]; },
};

function answer(stream, call, body) {
  let trailers = { "grpc-status": "0" };
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  try {
    if (!calls[call]) { trailers = { "grpc-status": "12" }; return stream.end(); }
    const requests = [];
    for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) requests.push(body.subarray(at + 5, at + 5 + body.readUInt32BE(at + 1)));
    for (const m of calls[call](requests)) { const size = Buffer.alloc(5); size.writeUInt32BE(m.length, 1); stream.write(Buffer.concat([size, m])); }
  } catch (e) {
    const code = e instanceof Failure ? e.code : 0;
    if (!code) console.error(e.stack);
    const error = message(field(1, code), field(3, e.subject || ""), field(4, e.message));
    trailers = { "grpc-status": String(STATUS[code]), "grpc-message": encodeURIComponent(e.message), "zagg-error-bin": error.toString("base64") };
  }
  stream.end();
}

if (process.env.ZAGG_PLUGIN !== "grids-readers-statistics") {
  console.error("This is spread, a plugin of zagg, which starts it. Try: zagg plugins describe -- node spread.js");
  process.exit(1);
}
console.log = console.error; // stdout is the handshake's
process.on("SIGINT", () => {});
process.on("SIGTERM", () => process.exit(0));
process.stdin.resume().on("end", () => process.exit(0)).on("error", () => process.exit(0));
const server = http2.createServer({ maxSessionMemory: 1000, settings: { initialWindowSize: 1 << 20 } });
server.on("stream", (stream, headers) => {
  const parts = [];
  stream.on("error", () => {}); // the host has ended the call
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => answer(stream, headers[":path"], Buffer.concat(parts)));
});
const address = path.join(process.env.PLUGIN_UNIX_SOCKET_DIR, "spread.sock");
server.listen(address, () => process.stdout.write(`1|1|unix|${address}|grpc|\n`));
