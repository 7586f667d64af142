// GraphQL over HTTP, as the audits of graphql-http have it. docs/adr/0025 says where they and the newest draft differ.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import { demo } from "./program.js";

const url = `${await demo()}/graphql`;

for (const audit of serverAudits({ url })) {
  test(audit.name, async () => {
    const result = await audit.fn();
    assert.equal(result.status, "ok", result.reason);
  });
}
