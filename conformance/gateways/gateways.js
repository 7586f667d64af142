// The gateways. Each is opened with subgraphs, of which Roster is reached through the relay, and gives a function that runs a client's request.
import { ApolloGateway, IntrospectAndCompose, RemoteGraphQLDataSource } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { unifiedGraphHandler } from "@graphql-hive/router-runtime";
import { composeSubgraphs, loadGraphQLHTTPSubgraph } from "@graphql-mesh/compose-cli";
import { composeServices } from "@theguild/federation-composition";
import { federateSubgraphs } from "@wundergraph/composition";
import { parse } from "graphql";
import { keys } from "./roster.js";

const schemaHeaders = { authorization: `Bearer ${keys.router}` };

// Each asks Roster for its schema with a key, since introspection is off there.
async function fetched({ url, text }) {
  if (text) return text;
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...schemaHeaders }, body: '{"query":"{ _service { sdl } }"}' });
  return (await answer.json()).data._service.sdl;
}

export async function composeGuild(subgraphs) {
  const services = await Promise.all(subgraphs.map(async (s) => ({ name: s.name, url: s.url, typeDefs: parse(await fetched(s)) })));
  const { errors, supergraphSdl } = composeServices(services);
  if (errors?.length) throw new Error(errors.map((e) => e.message).join("\n"));
  return supergraphSdl;
}

export async function composeCosmo(subgraphs) {
  const result = federateSubgraphs({
    subgraphs: await Promise.all(subgraphs.map(async (s) => ({ name: s.name, url: s.url, definitions: parse(await fetched(s)) }))),
    version: "1",
  });
  if (!result.success || result.warnings.length) throw new Error([...(result.errors ?? []), ...result.warnings].map((e) => e.message).join("\n"));
}

// apollo is @apollo/gateway within Apollo Server, which composes for itself.
async function apollo(subgraphs) {
  const gateway = new ApolloGateway({
    supergraphSdl: new IntrospectAndCompose({ subgraphs: subgraphs.map(({ name, url }) => ({ name, url })), introspectionHeaders: schemaHeaders }),
    buildService: ({ name, url }) =>
      new (class extends RemoteGraphQLDataSource {
        willSendRequest({ request, context }) {
          if (context?.authorization) request.http.headers.set("authorization", context.authorization);
        }
      })({ url, apq: name === "roster" }),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const server = new ApolloServer({ gateway, logger: { debug() {}, info() {}, warn() {}, error() {} } });
  await server.start();
  return {
    async run(query, variables, key) {
      const { body } = await server.executeOperation({ query, variables }, { contextValue: { authorization: `Bearer ${key}` } });
      return JSON.parse(JSON.stringify(body.singleResult));
    },
    async *follow(query, variables, key) {
      yield this.run(query, variables, key);
    },
    close: () => server.stop(),
  };
}

// hive is Hive Gateway's runtime with a supergraph, and one of its two engines.
function hive(supergraph, engine = {}) {
  const runtime = createGatewayRuntime({
    supergraph, ...engine, logging: false, maskedErrors: false,
    propagateHeaders: { fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get("authorization") ?? "" }) },
  });
  return {
    async run(query, variables, key) {
      const answer = await runtime.fetch("http://gateway/graphql", {
        method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${key}` }, body: JSON.stringify({ query, variables }),
      });
      return answer.json();
    },
    // follow gives what a subscription sends, as server-sent events.
    async *follow(query, variables, key) {
      const ending = new AbortController();
      try {
        const answer = await runtime.fetch("http://gateway/graphql", {
          method: "POST", headers: { "content-type": "application/json", accept: "text/event-stream", authorization: `Bearer ${key}` },
          body: JSON.stringify({ query, variables }), signal: ending.signal,
        });
        let text = "";
        for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
          text += part;
          for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
            const data = /^data: ?(\{.*)$/m.exec(text.slice(0, end));
            if (data) yield JSON.parse(data[1]);
          }
        }
      } finally {
        ending.abort();
      }
    },
    close: () => runtime[Symbol.asyncDispose](),
  };
}

const silent = { debug() {}, info() {}, warn() {}, error() {}, log() {}, child: () => silent };

// mesh composes by Mesh, and runs what comes of it by Hive Gateway.
async function mesh(subgraphs) {
  const loaded = await Promise.all(subgraphs.map((s) =>
    loadGraphQLHTTPSubgraph(s.name, { endpoint: s.url, federation: true, schemaHeaders })({ cwd: process.cwd(), logger: silent, fetch })));
  const parts = await Promise.all(loaded.map(async ({ name, schema$ }) => ({ name, schema: await schema$ })));
  const result = composeSubgraphs(parts);
  if (result.errors?.length) throw new Error(result.errors.map((e) => e.message).join("\n"));
  return hive(result.supergraphSdl);
}

export const gateways = {
  "@apollo/gateway": apollo,
  "Hive Gateway": async (subgraphs) => hive(await composeGuild(subgraphs)),
  "Hive Gateway, router-runtime": async (subgraphs) => hive(await composeGuild(subgraphs), { unifiedGraphHandler }),
  "Mesh Compose, Hive Gateway": mesh,
};
