import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { buildSchema, extendSchema, getNamedType, isObjectType, parse, validate, validateSchema, visit } from "graphql";
import { clientSDL, compose, sdl } from "./schema.js";

const entities = {
  User: ["id", "email"], Team: ["id"], Role: ["id"], Contact: ["id"], ContactFolder: ["id"],
  WorksectionAccount: ["id"], KommoAccount: ["id"], AltcraftAccount: ["id"], RocketChatAccount: ["id"],
  DirectoryAccount: ["id"],
};

const alone = compose();

test("the schema parses, and every type is described", () => {
  const undescribed = [];
  visit(parse(sdl), {
    ObjectTypeDefinition: described, InterfaceTypeDefinition: described, EnumTypeDefinition: described,
    InputObjectTypeDefinition: described, UnionTypeDefinition: described, ScalarTypeDefinition: described,
  });
  function described(node) {
    if (!node.description?.value && node.name.value !== "Query") undescribed.push(node.name.value);
  }
  assert.deepEqual(undescribed, []);
});

test("it composes into a supergraph without errors or hints", () => {
  assert.deepEqual(alone.errors, []);
  assert.deepEqual(alone.hints, []);
});

test("what a router's clients see is valid, and nothing of federation is left in it", () => {
  assert.deepEqual(validateSchema(alone.api), []);
  const names = Object.keys(alone.api.getTypeMap());
  assert.deepEqual(names.filter((n) => n.startsWith("_") && !n.startsWith("__")), []);
});

test("the schema for clients is one for graphql-js, which knows all that is in it", () => {
  const schema = buildSchema(clientSDL);
  assert.deepEqual(validateSchema(schema), []);
  assert.ok(schema.getType("UserLookup").isOneOf);
  assert.equal(schema.getType("DateTime").specifiedByURL, "https://www.rfc-editor.org/rfc/rfc3339");
  assert.equal(String(schema.getType("User").getFields().name.type), "String!");
  assert.deepEqual(Object.keys(alone.api.getTypeMap()).filter((n) => !n.startsWith("__") && !schema.getType(n)), []);
});

test("no type of the schema is lost on the way", () => {
  const kept = alone.api.getTypeMap();
  const lost = parse(sdl).definitions.filter((d) => /TypeDefinition$/.test(d.kind)).map((d) => d.name.value).filter((n) => !(n in kept));
  assert.deepEqual(lost, []);
});

test("every entity has its keys, and no other type has any", () => {
  const keys = {};
  for (const d of parse(sdl).definitions) {
    for (const k of d.directives ?? []) {
      if (k.name.value !== "key") continue;
      (keys[d.name.value] ??= []).push(k.arguments.find((a) => a.name.value === "fields").value.value);
    }
  }
  assert.deepEqual(keys, entities);
});

test("another subgraph can add a field to every entity, by every key", () => {
  for (const [type, keys] of Object.entries(entities)) {
    for (const key of keys) {
      const kind = key === "id" ? "ID!" : getNamedType(alone.api.getType(type).getFields()[key].type).name;
      const { errors, api } = compose({
        other: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
          type ${type} @key(fields: "${key}") { ${key}: ${kind} seats: Int }`,
      });
      assert.deepEqual(errors, [], `${type} by ${key}`);
      assert.ok(api.getType(type).getFields().seats, `${type} by ${key}`);
    }
  }
});

test("another subgraph may have pages of its own", () => {
  const { errors } = compose({
    other: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@shareable"])
      type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
      type Query { pages: PageInfo }`,
  });
  assert.deepEqual(errors, []);
});

test("lists are Relay connections", () => {
  for (const type of Object.values(alone.api.getTypeMap())) {
    if (!isObjectType(type) || !type.name.endsWith("Connection")) continue;
    const fields = type.getFields();
    assert.deepEqual(["edges", "nodes", "pageInfo", "totalCount"].filter((f) => !(f in fields)), [], type.name);
    assert.equal(String(fields.pageInfo.type), "PageInfo!", type.name);
    const edge = getNamedType(fields.edges.type).getFields();
    assert.equal(String(edge.cursor.type), "String!", type.name);
    assert.equal(String(getNamedType(edge.node.type)), String(getNamedType(fields.nodes.type)), type.name);
  }
});

test("what can be fetched by ID is a Node", () => {
  const node = alone.api.getType("Node");
  const nodes = new Set(alone.api.getPossibleTypes(node).map((t) => t.name));
  assert.deepEqual(Object.keys(entities).filter((name) => !nodes.has(name)), []);
});

test("an input that takes one key of several can be given any one of them", () => {
  const inputs = parse(sdl).definitions.filter((d) => d.kind === "InputObjectTypeDefinition" && d.directives.some((x) => x.name.value === "oneOf"));
  assert.ok(inputs.length > 0, "no input has @oneOf");
  for (const d of inputs) {
    for (const f of d.fields) assert.notEqual(f.type.kind, "NonNullType", `${d.name.value}.${f.name.value}`);
  }
});

test("the examples are valid queries of the supergraph, and one of them is a router's to the subgraph", () => {
  const folder = new URL("../examples/", import.meta.url);
  const files = readdirSync(folder).filter((f) => f.endsWith(".graphql"));
  assert.ok(files.length > 0, "no examples");
  // What the specification has every subgraph add to its schema.
  const subgraph = extendSchema(alone.api, parse(`
    scalar _Any
    union _Entity = ${Object.keys(entities).join(" | ")}
    extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
  `));
  for (const f of files) {
    const text = readFileSync(new URL(f, folder), "utf8");
    const errors = validate(text.includes("_entities") ? subgraph : alone.api, parse(text));
    assert.deepEqual(errors.map((e) => e.message), [], f);
  }
});
