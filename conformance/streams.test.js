// The public clients of graphql-transport-ws and of GraphQL over SSE, as their users set them up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient as createSSE } from "graphql-sse";
import { createClient as createWS } from "graphql-ws";
import WebSocket from "ws";
import { demo } from "./program.js";

const url = `${await demo()}/graphql`;
const query = "query People($n: Int!) { users(first: $n) { nodes { name } totalCount } }";

// collect runs one operation to its end, and gives all that came.
async function collect(client, request) {
  const results = [];
  for await (const result of client.iterate(request)) results.push(result);
  return results;
}

function socket(options = {}) {
  return createWS({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, retryAttempts: 0, ...options });
}

for (const [name, open] of [
  ["graphql-ws", () => socket({ lazy: true })],
  ["graphql-sse", () => createSSE({ url, retryAttempts: 0 })],
]) {
  test(`${name}: a query has one answer`, async () => {
    const client = open();
    const results = await collect(client, { query, variables: { n: 2 } });
    assert.equal(results.length, 1);
    assert.equal(results[0].errors, undefined);
    assert.equal(results[0].data.users.nodes.length, 2);
    assert.equal(typeof results[0].extensions.Age, "number");
    client.dispose();
  });

  test(`${name}: many side by side`, async () => {
    const client = open();
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => collect(client, { query, variables: { n } })));
    all.forEach((results, n) => assert.equal(results[0].data.users.nodes.length, n));
    client.dispose();
  });

  test(`${name}: a document that does not fit says so`, async () => {
    const client = open();
    const said = await collect(client, { query: "{ nobody }" }).then(
      (results) => results.flatMap((r) => r.errors),
      (errors) => errors,
    );
    assert.equal(said[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    client.dispose();
  });

  test(`${name}: a wish is heard`, async () => {
    const client = open();
    const [result] = await collect(client, { query, variables: { n: 1 }, extensions: { "Cache-Control": "only-if-cached", cost: true } });
    assert.equal(result.errors, undefined);
    assert.ok(result.extensions.cost.requested > 0);
    client.dispose();
  });
}

for (const [name, open] of [
  ["graphql-ws", () => socket({ lazy: true })],
  ["graphql-sse", () => createSSE({ url, retryAttempts: 0 })],
]) {
  test(`${name}: a subscription tells what changes after a cursor, until it is ended`, async () => {
    const client = open();
    const ask = async (query, variables) => (await collect(client, { query, variables }))[0].data;
    const { changeCursor } = await ask("{ changeCursor }");
    const label = `Streams over ${name}`;
    const { createTeam } = await ask("mutation ($name: String!) { createTeam(input: { source: \"worksection\", name: $name }) { outcome } }", { name: label });
    assert.equal(createTeam.outcome, "DONE");
    const changes = client.iterate({
      query: "subscription ($after: String) { changes(after: $after, kinds: [TEAM]) { action label node { ... on Team { name } } } }",
      variables: { after: changeCursor },
    });
    for await (const { data } of changes) {
      if (data.changes.label !== label) continue; // of another test
      assert.deepEqual(data.changes, { action: "ADDED", label, node: { name: label } });
      break; // ends the subscription
    }
    client.dispose();
  });

  test(`${name}: a cursor of another time is refused`, async () => {
    const client = open();
    const said = await collect(client, { query: "subscription { changes(after: \"elsewhere.1\") { id } }" }).then(
      (results) => results.flatMap((r) => r.errors),
      (errors) => errors,
    );
    assert.equal(said[0].extensions.code, "CURSOR_EXPIRED");
    client.dispose();
  });
}

test("graphql-ws: stays connected, is answered its pings, and says what it wishes when it connects", async () => {
  let pongs = 0;
  const client = socket({
    lazy: false,
    keepAlive: 50,
    connectionParams: { "Cache-Control": "max-age=3600" },
    on: { pong: () => pongs++ },
  });
  await collect(client, { query, variables: { n: 1 } });
  while (pongs < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  const closed = new Promise((resolve) => client.on("closed", resolve));
  await client.dispose();
  assert.equal((await closed).code, 1000);
});

test("what is no message closes the connection with its code", async () => {
  const ws = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  await new Promise((resolve) => ws.once("open", resolve));
  assert.equal(ws.protocol, "graphql-transport-ws");
  ws.send("nonsense");
  const [code, reason] = await new Promise((resolve) => ws.once("close", (...args) => resolve(args)));
  assert.equal(code, 4400);
  assert.match(String(reason), /Invalid message/);
});
