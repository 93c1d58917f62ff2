// Preloaded into a plugin, it makes a call go wrong: node --require faulty.js PLUGIN KIND CALL
"use strict";
const http2 = require("http2");
const [kind, call] = process.argv.slice(2);
const create = http2.createServer;

function strike(stream) {
  process.stderr.write(`faulty: ${kind} now\n`);
  if (kind === "kill") process.kill(process.pid, "SIGKILL");
  if (kind === "leave") process.exit(7);
  if (kind === "panic") setImmediate(() => { throw new Error("index out of bounds"); });
  if (kind === "hang") for (;;);
  if (kind === "block") return;
  if (kind === "leak") { const kept = []; setInterval(() => kept.push(Buffer.alloc(32 << 20, 1)), 20); }
  if (kind === "garbage") {
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    stream.end("this is no message");
  }
  if (kind === "huge") {
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    stream.end(Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 0]));
  }
}

http2.createServer = (...args) => {
  const server = create(...args), on = server.on.bind(server);
  server.on = (event, listener) => on(event, event !== "stream" ? listener : (stream, headers) => {
    if (!headers[":path"].endsWith(call)) return listener(stream, headers);
    if (kind === "slow") return setTimeout(() => listener(stream, headers), 500);
    if (kind === "lengths") {
      const write = stream.write.bind(stream);
      stream.write = (b) => write(b.length > 13 ? Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from([10, 0])]) : b);
      return listener(stream, headers);
    }
    stream.on("error", () => {});
    stream.resume();
    strike(stream);
  });
  return server;
};
