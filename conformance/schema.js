// What `roster schema` prints, and what a router makes of it. Nothing here knows how the schema comes about.
import { execFileSync } from "node:child_process";
import { composeServices } from "@apollo/composition";
import { ROUTER_SUPPORTED_SUPERGRAPH_FEATURES, Supergraph } from "@apollo/federation-internals";
import { parse } from "graphql";

const supportedFeatures = ROUTER_SUPPORTED_SUPERGRAPH_FEATURES;
const root = new URL("..", import.meta.url);

// The subgraph's SDL, from the program itself.
export const sdl = execFileSync("go", ["run", ".", "schema"], { cwd: root, encoding: "utf8" });
export const clientSDL = execFileSync("go", ["run", ".", "schema", "--client"], { cwd: root, encoding: "utf8" });

// compose makes one supergraph of this subgraph and of others, given by name.
export function compose(others = {}) {
  const services = Object.entries({ roster: sdl, ...others }).map(([name, text]) => ({
    name,
    url: `http://${name}.example/graphql`,
    typeDefs: parse(text),
  }));
  const { errors = [], hints = [], supergraphSdl } = composeServices(services);
  return {
    errors: errors.map((e) => e.message),
    hints: hints.map((h) => h.message),
    // What clients of the router see, as graphql-js has it.
    api: supergraphSdl && Supergraph.build(supergraphSdl, { supportedFeatures }).apiSchema().toGraphQLJSSchema(),
  };
}
