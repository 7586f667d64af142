// Runs every case behind every gateway, and holds the table in docs/federation.md to what came of it. With --write it writes the table.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { cases, known } from "./cases.js";
import { composeCosmo, gateways } from "./gateways.js";
import { end, keys, relay, serve } from "./roster.js";
import { open } from "./subgraphs.js";

const page = new URL("../../docs/federation.md", import.meta.url);
const [from, to] = ["<!-- matrix -->\n", "<!-- /matrix -->\n"];

async function main() {
  const servers = await serve();
  const roster = await relay();
  roster.to = servers.whole;
  const people = await known(servers.whole);
  const others = [await open("badges", [people.id, people.stranger]), await open("letters", [people.email, "nobody@corvidlark.test", null])];
  const shop = await open("shop");
  const rows = cases.map(({ name }) => `| ${name} |`);
  for (const [name, openGateway] of Object.entries(gateways)) {
    roster.to = servers.whole;
    const opened = {};
    const gateway = async (which) => {
      // Roster's schema is read from the server, as these gateways do.
      opened[which] ??= await openGateway({
        plain: [{ name: "roster", url: roster.url }, ...others],
        named: [{ name: "roster", url: servers.prefixed }, shop],
        secured: [{ name: "roster", url: servers.secured }, ...others],
      }[which]);
      return opened[which];
    };
    for (const [i, c] of cases.entries()) {
      let cell = "yes";
      try {
        roster.to = servers.whole;
        const g = await gateway(c.on ?? "plain");
        roster.to = c.server === "none" ? undefined : servers[c.server ?? "whole"];
        roster.seen.length = 0;
        const ask = (key = keys.all) => g.run(c.query, c.variables?.(people), key);
        if (c.follow) await c.follow(g, servers.whole);
        else await c.check(await ask(c.key), { people, ask, seen: roster.seen });
      } catch (e) {
        const [word, because] = c.otherwise ?? [];
        cell = because?.test(e.message) ? word : "no";
        console.log(`${name}: ${c.name}: ${e.message.split("\n").slice(0, 12).join("\n  ")}`);
      }
      rows[i] += ` ${cell} |`;
    }
    for (const g of Object.values(opened)) await g.close();
  }
  roster.to = servers.whole;
  await composeCosmo([{ name: "roster", url: roster.url }, ...others]);
  await composeCosmo([{ name: "roster", url: servers.prefixed }, shop]);
  const names = Object.keys(gateways);
  const table = [`| | ${names.join(" | ")} |`, `| --- |${" --- |".repeat(names.length)}`, ...rows, ""].join("\n");
  console.log(`\n${table}\nCosmo's composition takes both graphs without a warning.`);
  compare(table);
}

function compare(table) {
  const text = readFileSync(page, "utf8");
  const begin = text.indexOf(from) + from.length;
  const until = text.indexOf(to);
  if (process.argv.includes("--write")) writeFileSync(page, text.slice(0, begin) + table + text.slice(until));
  else assert.equal(table, text.slice(begin, until), "the table in docs/federation.md is another: see what changed, then npm test -- --write");
}

let code = 0;
try {
  await main();
} catch (e) {
  console.error(e);
  code = 1;
} finally {
  await end();
}
process.exit(code); // gateways keep timers
