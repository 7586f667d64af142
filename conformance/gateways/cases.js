// What a client of a gateway does, and what it must see. Where a gateway fails by its own design, otherwise says what stands in the table and how the
// failure is known.
import assert from "node:assert/strict";
import { keys } from "./roster.js";

// askRoster asks Roster itself.
async function askRoster(url, query, variables) {
  const answer = await fetch(url, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${keys.all}` }, body: JSON.stringify({ query, variables }),
  });
  return answer.json();
}

// known asks Roster itself for a person, and makes the ID of somebody whom it does not know.
export async function known(url) {
  const answer = await fetch(url, {
    method: "POST", headers: { "content-type": "application/json", authorization: `Bearer ${keys.all}` },
    body: JSON.stringify({ query: `{ user(by: { email: "zoe.muller@corvidlark.test" }) { id name email } teams(first: 1) { nodes { id } } roles(first: 1) { nodes { id } } }` }),
  });
  const { user, teams, roles } = (await answer.json()).data;
  return { ...user, team: teams.nodes[0].id, role: roles.nodes[0].id, stranger: Buffer.from("Uworksection/0").toString("base64url") };
}

const faultless = ({ data, errors }) => {
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
};

export const cases = [
  {
    name: "lists",
    query: `{ users(first: 3) { totalCount nodes { __typename name teams { name } accounts { __typename externalId } } pageInfo { hasNextPage } }
      roles(first: 1) { totalCount } teams(first: 1) { totalCount } contacts(first: 1) { totalCount } contactFolders(first: 1) { totalCount } sources { name } }`,
    check(answer) {
      const data = faultless(answer);
      assert.equal(data.users.nodes.length, 3);
      assert.ok(data.users.totalCount > 100 && data.roles.totalCount && data.teams.totalCount && data.contacts.totalCount && data.contactFolders.totalCount);
      assert.equal(data.sources.length, 4);
    },
  },
  {
    name: "`node`, `nodes`, interfaces",
    query: `query($id: ID!, $ids: [ID!]!) { node(id: $id) { __typename ... on User { name accounts { ... on KommoAccount { admin } } } }
      nodes(ids: $ids) { ... on Team { name externalId } ... on Role { name externalId } ... on User { name accounts { externalId } } ... on Source { name } } }`,
    variables: (p) => ({ id: p.id, ids: [p.team, p.id, p.role] }),
    check(answer, { people }) {
      const data = faultless(answer);
      assert.equal(data.node.name, people.name);
      assert.ok(data.nodes[0].name);
      assert.equal(data.nodes[1].name, people.name);
      assert.ok(data.nodes[2].externalId);
    },
  },
  {
    name: "entities by `id`; a person unknown to Roster is null in Roster's fields only",
    query: `{ badges { label holder { id seat name accessLevel } } }`,
    check(answer, { people, seen }) {
      const [known, unknown] = faultless(answer).badges;
      assert.equal(known.holder.name, people.name);
      assert.equal(known.holder.seat, 7);
      assert.deepEqual({ ...unknown.holder }, { id: people.stranger, seat: 7, name: null, accessLevel: null });
      assert.equal(seen.filter((s) => s.body.query).length, 1, "one call for all people");
    },
  },
  {
    name: "entities by `email`, `email: null` among them",
    query: `{ letters { subject to { email name } } }`,
    check(answer, { people }) {
      const { letters } = faultless(answer);
      assert.deepEqual(letters.map((l) => l.to?.name ?? null), [people.name, null, null]);
      assert.deepEqual(letters.map((l) => l.subject), ["S0", "S1", "S2"]);
    },
  },
  {
    name: "`@requires` of a field of Roster's",
    query: `{ users(first: 1) { nodes { name greeting } } badges { holder { greeting } } }`,
    check(answer, { people }) {
      const data = faultless(answer);
      assert.equal(data.badges[0].holder.greeting, `Hello ${people.name}`);
      assert.equal(data.users.nodes[0].greeting, `Hello ${data.users.nodes[0].name}`);
    },
  },
  {
    name: "a source is unavailable: the rest is there, and `completeness` says so",
    server: "partial",
    query: `{ badges { label holder { name completeness { complete missing { name } } } } users(first: 2) { nodes { name } completeness { complete } } }`,
    check({ data }, { people }) {
      assert.equal(data.badges[0].holder.name, people.name);
      assert.equal(data.badges[0].holder.completeness.complete, false);
      assert.deepEqual(data.badges[0].holder.completeness.missing.map((s) => s.name), ["kommo"]);
      assert.equal(data.users.nodes.length, 2);
      assert.equal(data.users.completeness.complete, false);
    },
  },
  {
    name: "Roster is unavailable: the other subgraphs' part of each page stays",
    server: "none",
    query: `{ badges { label holder { id seat name teams { name } } } viewer { subject } }`,
    check({ data, errors }) {
      assert.ok(errors.length > 0);
      assert.deepEqual(data.badges.map((b) => b.label), ["B0", "B1"]);
      assert.deepEqual(data.badges.map((b) => b.holder.seat), [7, 7]);
      assert.equal(data.badges[0].holder.name, null);
      assert.equal(data.viewer, null);
    },
  },
  {
    name: "a field that the caller may not see is null, `FORBIDDEN` is told, the rest is there",
    key: keys.reader,
    query: `{ users(first: 2, filter: { bot: false }) { nodes { name phones { raw } } } badges { holder { addresses } } }`,
    check({ data, errors }) {
      assert.ok(data.users.nodes.every((n) => n.name && n.phones === null));
      assert.equal(data.badges[0].holder.addresses, null);
      assert.ok(errors.every((e) => e.extensions.code === "FORBIDDEN"), JSON.stringify(errors));
      assert.deepEqual(new Set(errors.map((e) => e.extensions.coordinate)), new Set(["User.phones", "User.addresses"]));
    },
  },
  {
    name: "an argument that cannot be: `BAD_USER_INPUT` with the path of its field",
    query: `{ people: users(first: 501) { totalCount } badges { label } }`,
    check({ data, errors }) {
      assert.equal(data.people, null);
      assert.equal(data.badges.length, 2);
      assert.equal(errors[0].extensions.code, "BAD_USER_INPUT");
      assert.equal(errors[0].path?.[0], "people");
    },
  },
  {
    name: "mutations, with variables and input objects",
    query: `mutation($input: CreateTeamInput!) { createTeam(input: $input) { outcome userErrors { code } wouldSend } }`,
    variables: () => ({ input: { source: "worksection", name: "Night shift", dryRun: true } }),
    check(answer) {
      assert.equal(faultless(answer).createTeam.outcome, "CHECKED");
    },
  },
  {
    name: "the subscription `changes`, over server-sent events",
    otherwise: ["not supported", /subscription/i],
    async follow(g, roster) {
      const { changeCursor } = faultless(await g.run("{ changeCursor }", {}, keys.all));
      const changes = g.follow(`subscription($after: String) { changes(after: $after, kinds: [TEAM]) { __typename cursor action label node { __typename id ... on Team { name } } } }`,
        { after: changeCursor }, keys.all);
      const names = ["Gateway one", "Gateway two"].map((n) => `${n} ${changeCursor}`);
      const answers = [];
      const told = (async () => {
        for await (const answer of changes) {
          answers.push(answer);
          if (answer.errors || answers.length === names.length) break;
        }
      })();
      for (const name of names) faultless(await askRoster(roster, `mutation($name: String!) { createTeam(input: { source: "worksection", name: $name }) { outcome } }`, { name }));
      await told;
      assert.equal(answers[0].errors, undefined, JSON.stringify(answers[0].errors));
      assert.deepEqual(answers.map(({ data: { changes: c } }) => [c.action, c.label, c.node.__typename, c.node.name]), names.map((n) => ["ADDED", n, "Team", n]));
    },
  },
  {
    name: "the client's `Authorization` reaches Roster",
    query: `{ viewer { subject scopes } }`,
    key: keys.reader,
    async check(answer, { ask }) {
      assert.equal(faultless(answer).viewer.subject, "reader");
      assert.equal(faultless(await ask(keys.all)).viewer.subject, "all");
    },
  },
  {
    name: "documents by their hash (APQ), from the gateway to Roster",
    otherwise: ["not sent", /the document itself/],
    query: `{ sources { name kind } }`,
    async check(answer, { ask, seen }) {
      faultless(answer);
      seen.length = 0;
      faultless(await ask());
      assert.equal(seen[0].body.query, undefined, "it sends the document itself");
      assert.ok(seen[0].body.extensions.persistedQuery.sha256Hash);
    },
  },
  {
    name: "`federation.prefix` beside a subgraph with `Node`, `viewer`, `Phone`, `Role`, `UserError`, `PageInfo`",
    on: "named",
    query: `{ viewer { id phone { number } role } rosterViewer { __typename subject }
      rosterUsers(first: 1, filter: { bot: false }) { nodes { __typename name phones { number raw } roles { __typename name } } pageInfo { hasNextPage } } }`,
    check(answer) {
      const data = faultless(answer);
      assert.equal(data.viewer.role, "BUYER");
      assert.equal(data.rosterViewer.__typename, "RosterViewer");
      assert.equal(data.rosterUsers.nodes[0].__typename, "RosterUser");
      assert.ok(data.rosterUsers.nodes[0].name);
    },
  },
  {
    name: "a graph with `@requiresScopes`, as `router: true` has it",
    on: "secured",
    otherwise: ["does not start", /is for: SECURITY but is unsupported/],
    query: `{ badges { holder { name } } }`,
    check(answer, { people }) {
      assert.equal(faultless(answer).badges[0].holder.name, people.name);
    },
  },
];
