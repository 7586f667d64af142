// The other subgraphs: badges refer to people by ID, letters by address, and a shop has names of its own that Roster has too.
import { createServer } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { graphql, parse } from "graphql";
import { listen } from "./roster.js";

const link = (...names) => `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${names.map((n) => `"${n}"`)}])\n`;

export const badges = `${link("@key", "@external", "@requires")}
  type Query { badges: [Badge!]! }
  type Badge { label: String! holder: User! }
  type User @key(fields: "id") { id: ID! name: String @external seat: Int! greeting: String @requires(fields: "name") }
`;

export const letters = `${link("@key")}
  type Query { letters: [Letter!]! }
  type Letter { subject: String! to: User }
  type User @key(fields: "email", resolvable: false) { email: String }
`;

export const shop = `${link("@shareable")}
  type Query { node(id: ID!): Node viewer: Customer roles: [Role!]! }
  interface Node { id: ID! }
  type Customer implements Node { id: ID! phone: Phone role: Role }
  type Phone { number: String! }
  enum Role { BUYER SELLER }
  type UserError { code: Int! text: String! }
  type Mutation { buy: UserError }
  type PageInfo { next: Int! }
`;

const resolvers = {
  // people are the IDs of those who hold a badge, addresses those who get letters.
  badges: (people) => ({
    Query: { badges: () => people.map((id, i) => ({ label: `B${i}`, holder: { __typename: "User", id } })) },
    User: { __resolveReference: (r) => r, seat: () => 7, greeting: (u) => (u.name ? `Hello ${u.name}` : null) },
  }),
  letters: (addresses) => ({
    Query: { letters: () => addresses.map((email, i) => ({ subject: `S${i}`, to: { __typename: "User", email } })) },
  }),
  shop: () => ({ Query: { viewer: () => ({ id: "c1", phone: { number: "1" }, role: "BUYER" }), roles: () => ["SELLER"] } }),
};

const texts = { badges, letters, shop };

// open serves one of them.
export async function open(name, data) {
  const schema = buildSubgraphSchema({ typeDefs: parse(texts[name]), resolvers: resolvers[name](data) });
  const server = createServer(async (req, res) => {
    const chunks = [];
    for await (const c of req) chunks.push(c);
    const { query, variables, operationName } = JSON.parse(Buffer.concat(chunks));
    // @apollo/subgraph would add definitions that not every gateway expects.
    const result = query.includes("_service") ? { data: { _service: { sdl: texts[name] } } } : await graphql({ schema, source: query, variableValues: variables, operationName });
    res.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(result));
  });
  return { name, url: await listen(server), text: texts[name] };
}
