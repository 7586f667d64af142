// Apollo Client as front ends set it up: queries over HTTP, and the subscription to changes over graphql-ws, which it resumes after its last cursor.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client/core/index.js";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions/index.js";
import { getMainDefinition } from "@apollo/client/utilities/index.js";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { demo } from "./program.js";

const address = await demo();

// A proxy that can cut all connections.
const sockets = new Set();
const proxy = createServer((client) => {
  const server = connect(new URL(address).port, "127.0.0.1");
  for (const [one, other] of [[client, server], [server, client]]) {
    sockets.add(one);
    one.on("close", () => {
      sockets.delete(one);
      other.destroy();
    });
    one.on("error", () => {});
    one.pipe(other);
  }
}).listen(0, "127.0.0.1");
await new Promise((resolve) => proxy.once("listening", resolve));
after(() => proxy.close());
const cut = () => sockets.forEach((s) => s.destroy());
const url = `http://127.0.0.1:${proxy.address().port}/graphql`;

const CHANGES = gql`
  subscription Changes($after: String!) {
    changes(after: $after, kinds: [TEAM]) { cursor action id label node { id ... on Team { name } } }
  }
`;

// client is Apollo Client with a split link. The subscription is sent again after each interruption, with the cursor of now.
function client(cursor) {
  const ws = createClient({ url: url.replace("http", "ws"), webSocketImpl: WebSocket, lazy: true, retryAttempts: 0 });
  const resuming = new ApolloLink((operation, forward) => {
    operation.variables = { ...operation.variables, after: cursor() };
    return forward(operation);
  });
  const isSubscription = ({ query }) => {
    const main = getMainDefinition(query);
    return main.kind === "OperationDefinition" && main.operation === "subscription";
  };
  const link = ApolloLink.split(isSubscription, ApolloLink.from([resuming, new GraphQLWsLink(ws)]), new HttpLink({ uri: url }));
  return { apollo: new ApolloClient({ link, cache: new InMemoryCache() }), close: () => ws.dispose() };
}

async function createTeam(apollo, name) {
  const { data } = await apollo.mutate({
    mutation: gql`mutation ($name: String!) { createTeam(input: { source: "worksection", name: $name }) { outcome } }`,
    variables: { name },
  });
  assert.equal(data.createTeam.outcome, "DONE");
}

test("Apollo Client with a split link: queries, and changes that go on after an interruption", async () => {
  let cursor;
  const { apollo, close } = client(() => cursor);
  const first = await apollo.query({ query: gql`{ changeCursor users(first: 3) { nodes { id name } } }` });
  assert.equal(first.data.users.nodes.length, 3);
  cursor = first.data.changeCursor;

  const told = [];
  let wake = () => {};
  let subscription, interruptions = 0, open = true;
  const subscribe = () => {
    subscription = apollo.subscribe({ query: CHANGES, variables: { after: cursor } }).subscribe({
      next: ({ data, error }) => {
        if (error) return; // the interruption, after which complete follows
        cursor = data.changes.cursor;
        told.push(data.changes);
        wake();
      },
      error: again,
      complete: again,
    });
  };
  const again = () => {
    if (!open) return;
    interruptions++;
    setTimeout(subscribe, 50);
  };
  const until = async (name) => {
    while (!told.some((c) => c.label === name)) await new Promise((resolve) => (wake = resolve));
  };
  subscribe();
  await createTeam(apollo, "Apollo one");
  await until("Apollo one");

  cut();
  // Over the graph itself: the proxy may still cut what Apollo Client sends.
  const direct = new ApolloClient({ link: new HttpLink({ uri: `${address}/graphql` }), cache: new InMemoryCache() });
  await createTeam(direct, "Apollo two");
  await until("Apollo two");
  cut();
  await createTeam(direct, "Apollo three");
  await until("Apollo three");
  open = false;
  subscription.unsubscribe();
  close();

  assert.ok(interruptions >= 2, `${interruptions} interruptions`);
  assert.deepEqual(told.map((c) => [c.action, c.label, c.node.name]), ["one", "two", "three"].map((n) => ["ADDED", `Apollo ${n}`, `Apollo ${n}`]));

  // What is shown is read again by its ID, which brings it into the cache.
  const { data } = await direct.query({ query: gql`query ($id: ID!) { node(id: $id) { id ... on Team { name } } }`, variables: { id: told[2].id } });
  assert.equal(data.node.name, "Apollo three");
});
