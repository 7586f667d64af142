// The examples of clients, built and used in Chromium, on pages of another origin than the graph's.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { build, start } from "./program.js";

const clients = ["apollo", "urql", "relay", "codegen"];
const examples = fileURLToPath(new URL("../examples/clients/", import.meta.url));

// The pages under /whole ask a server that reads all sources, those under /outage one that cannot read Kommo.
const graphs = {};
const pages = createServer(servePage).listen(0, "127.0.0.1");
await new Promise((resolve) => pages.once("listening", resolve));
after(() => pages.close());
const origin = `http://127.0.0.1:${pages.address().port}`;

const config = join(build(), "roster.yaml");
const whole = await start("demo", "--people", "200", "--cors", origin, "--write-config", config);
graphs.whole = whole.address;
breakKommo();
graphs.outage = (await start("serve", "--config", config)).address;

await Promise.all(clients.map(buildExample));

const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"] });
after(() => browser.close());

for (const client of clients) {
  test(`${client}: pages, search and a person`, async () => {
    const { page, complaints } = await open("whole", client);
    const links = page.getByRole("listitem").getByRole("link");
    const shown = () => links.evaluateAll((all) => all.map((a) => ({ id: decodeURIComponent(a.hash.slice(1)), name: a.textContent })));

    const all = await people({ first: 75 });
    await page.getByText(`${all.totalCount} people`, { exact: true }).waitFor();
    assert.deepEqual(await shown(), all.nodes.slice(0, 25));
    for (const size of [50, 75]) {
      await page.getByRole("button", { name: "More" }).click();
      await links.nth(size - 1).waitFor();
      assert.deepEqual(await shown(), all.nodes.slice(0, size));
    }

    const found = await people({ first: 25, filter: { search: "zoe mul" } });
    await page.getByRole("searchbox").fill("zoe mul");
    await page.getByText(`${found.totalCount} people`, { exact: true }).waitFor();
    assert.deepEqual(await shown(), found.nodes);

    await links.first().click();
    await page.getByRole("heading", { name: "Zoë Müller" }).waitFor();
    const accounts = page.getByRole("listitem");
    await accounts.nth(3).waitFor();
    assert.deepEqual((await accounts.allTextContents()).map((text) => text.split(":")[0]), ["worksection", "kommo", "altcraft", "rocketchat"]);
    assert.equal(await page.getByRole("status").count(), 0, "no source is missing, so there is no banner");

    await page.getByRole("link", { name: "All people" }).click();
    await links.first().waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test("the imitated sources are down, and Roster serves what it has read of them", async () => {
  await whole.stop();
  const query = "{ users { completeness { stale { name } } } }";
  while ((await ask("outage", query)).users.completeness.stale.length < 3) await pause(50);
});

for (const client of clients) {
  test(`${client}: a banner about sources`, async () => {
    const { page, complaints } = await open("outage", client);
    const banner = page.getByRole("status");
    await banner.waitFor();
    const expected = [
      /^accounts of source kommo are missing: unavailable.*?(, next attempt in \d+ s)?$/, // no time while an attempt is running
      /^worksection is stale: its last fetch failed or is overdue$/,
      /^altcraft is stale: its last fetch failed or is overdue$/,
      /^rocketchat is stale: its last fetch failed or is overdue$/,
      /^The oldest data is \d+ min old$/,
    ];
    const lines = await banner.getByRole("paragraph").allTextContents();
    assert.equal(lines.length, expected.length, lines.join("\n"));
    lines.forEach((line, i) => assert.match(line, expected[i]));

    await page.getByRole("listitem").getByRole("link").first().click();
    await page.getByRole("link", { name: "All people" }).waitFor();
    await banner.getByText("is stale").first().waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

async function buildExample(client) {
  // As for development, libraries warn of wrong use.
  const env = { ...process.env, VITE_ROSTER_URL: graphs.whole, NODE_ENV: "development" };
  try {
    await promisify(execFile)("npm", ["run", "build", "--", "--base=./"], { cwd: join(examples, client), env });
  } catch (error) {
    throw new Error(`${client}: ${error.message}\n${error.stdout}`);
  }
}

// open gives a page of an example, and what the page writes to the console.
async function open(graph, client) {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000); // only so that a page that never gets there ends the test
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(`${origin}/${graph}/${client}/`);
  return { page, complaints };
}

async function ask(graph, query, variables) {
  const response = await fetch(`${graphs[graph]}/graphql`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ query, variables }),
  });
  return (await response.json()).data;
}

async function people(variables) {
  const query = "query ($first: Int, $filter: UserFilter) { users(first: $first, filter: $filter) { totalCount nodes { id name } } }";
  return (await ask("whole", query, variables)).users;
}

// breakKommo makes a configuration of the one that the demo has written: Kommo cannot be reached, and data is soon stale.
function breakKommo() {
  const text = readFileSync(config, "utf8")
    .replace(/http:.*\/kommo$/m, "http://127.0.0.1:1/kommo")
    .replaceAll(/^ +kind: .*$/gm, "$&\n    collections: { accounts: { fresh_for: 1s, min_interval: 1s } }");
  writeFileSync(config, `${text}cors: { origins: ["${origin}"] }\n`);
}

// servePage serves /<graph>/<client>/<file>. The examples are built once, so it puts the address of the graph into them.
function servePage(request, response) {
  const [, graph, client, ...path] = request.url.split("/");
  const file = path.join("/") || "index.html";
  response.setHeader("Content-Type", file.endsWith(".js") ? "text/javascript" : "text/html");
  response.end(readFileSync(join(examples, client, "dist", file), "utf8").replaceAll(graphs.whole, graphs[graph]));
}

function findBrowser() {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const paths = names.flatMap((name) => process.env.PATH.split(delimiter).map((folder) => join(folder, name)));
  const found = paths.find((path) => existsSync(path));
  if (!found) throw new Error(`none of ${names.join(", ")} is installed`);
  return found;
}
