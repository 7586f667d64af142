// The program itself, serving the demo's company to callers with keys, and a relay through which gateways reach it.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const root = new URL("../..", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "roster-gateways-"));
const binary = join(folder, "roster");
const running = [];

// The callers: one who may see everything, one who may read only, and a router, which may read the schema too.
export const keys = { all: "roster_all", reader: "roster_reader", router: "roster_router" };

const scopes = { all: ["read", "sensitive", "write"], reader: ["read"], router: ["read", "schema"] };

function access() {
  const lines = Object.entries(keys).map(([name, key]) => {
    const hash = createHash("sha256").update(key).digest("hex");
    return `    - { name: ${name}, hash: "sha256:${hash}", scopes: [${scopes[name].map((s) => `"directory:${s}"`)}] }\n`;
  });
  return `access:\n  keys:\n${lines.join("")}`;
}

// start runs the program, and gives the rest of the first line that begins so.
async function start(args, ...beginnings) {
  const program = spawn(binary, args, { stdio: ["ignore", "pipe", "ignore"] });
  running.push(program);
  const found = [];
  for await (const line of createInterface({ input: program.stdout })) {
    if (line.startsWith(beginnings[found.length])) found.push(line.slice(beginnings[found.length].length).trim());
    if (found.length === beginnings.length) {
      program.stdout.resume();
      return found[0];
    }
  }
  throw new Error(`roster ${args.join(" ")} has ended`);
}

// serve starts the demo's systems, and servers that read them: as they are, with one source away, under a prefix, with security directives.
export async function serve() {
  execFileSync("go", ["build", "-o", binary, "."], { cwd: root, stdio: "inherit" });
  const config = join(folder, "demo.yaml");
  await start(["demo", "--listen", "127.0.0.1:0", "--people", "200", "--write-config", config], "Roster is ready:", "Written:");
  const written = readFileSync(config, "utf8");
  const variant = (name, change, more = "") => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, change(written) + access() + more);
    return start(["serve", "--config", path, "--listen", "127.0.0.1:0"], "Roster listens on ", "Every collection");
  };
  const same = (text) => text;
  const away = (text) => text.replace(/(kind: kommo\n\s+url: )\S+/, "$1http://127.0.0.1:9/kommo");
  const all = {
    whole: variant("whole", same),
    partial: variant("partial", away),
    prefixed: variant("prefixed", same, "federation: { prefix: Roster }\n"),
    secured: variant("secured", same, "federation: { security_directives: include }\n"),
  };
  return Object.fromEntries(await Promise.all(Object.entries(all).map(async ([name, url]) => [name, `${await url}/graphql`])));
}

// relay passes requests on to a server that can be changed, or to none, and remembers them.
export async function relay() {
  const seen = [];
  const r = { to: undefined, seen, url: undefined };
  const server = createServer((req, res) => {
    const chunks = [];
    req.on("data", (c) => chunks.push(c));
    req.on("end", () => {
      const body = Buffer.concat(chunks);
      seen.push({ method: req.method, url: req.url, headers: req.headers, body: parsed(body) });
      if (!r.to) return res.destroy();
      const headers = { ...req.headers, host: new URL(r.to).host };
      const on = request(new URL(new URL(req.url, "http://relay").search, r.to), { method: req.method, headers, agent: false }, (answer) => {
        res.writeHead(answer.statusCode, answer.headers);
        answer.pipe(res);
      });
      on.on("error", () => res.destroy());
      on.end(body);
    });
  });
  r.url = await listen(server);
  return r;
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

const servers = [];

export async function listen(server) {
  servers.push(server);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}/graphql`;
}

// end stops everything that was started.
export async function end() {
  for (const s of servers) s.close().closeAllConnections();
  await Promise.all(running.map((p) => new Promise((resolve) => (p.exitCode === null ? p.once("exit", resolve).kill("SIGTERM") : resolve()))));
  rmSync(folder, { recursive: true });
}
