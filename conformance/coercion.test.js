// What variables and literals become, compared with graphql-js over random schemas and operations. SEED and CASES choose others.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import * as current from "graphql-17";
import * as established from "graphql";
import { randomCase, randomNumbers } from "./coercion.js";

const seed = Number(process.env.SEED ?? 20250903);
const cases = Number(process.env.CASES ?? 1500);

const next = randomNumbers(seed);
const all = Array.from({ length: cases }, () => randomCase(next));
const output = execFileSync("go", ["run", "./internal/coerce/lines"], {
  cwd: new URL("..", import.meta.url), input: all.map((c) => JSON.stringify(c)).join("\n"), encoding: "utf8", maxBuffer: 1 << 30,
});
const ours = output.trim().split("\n").map((line) => JSON.parse(line));

for (const js of [established, current]) {
  test(`graphql-js ${js.version} accepts the same, and resolvers get the same (seed ${seed}, ${cases} cases)`, () => {
    let accepted = 0, refusedWhileRunning = 0;
    all.forEach((c, i) => {
      const theirs = run(js, c);
      const where = `${JSON.stringify(c, null, 1)}\nours: ${JSON.stringify(ours[i])}\ntheirs: ${JSON.stringify(theirs)}`;
      assert.equal(Boolean(ours[i].errors), Boolean(theirs.errors), where);
      if (theirs.errors) {
        refusedWhileRunning += theirs.running ? 1 : 0;
        return;
      }
      accepted++;
      assert.deepEqual(plain(ours[i].arguments), theirs.arguments, where);
    });
    // Else the comparison would say little.
    assert.ok(accepted > cases / 5, `${accepted} are accepted`);
    assert.ok(refusedWhileRunning > cases / 50, `${refusedWhileRunning} are refused for a null at an argument`);
  });
}

// run gives the errors, or the arguments that resolvers get.
function run(js, { schema: text, document: source, variables }) {
  const schema = js.buildSchema(text);
  const document = js.parse(source);
  const invalid = js.validate(schema, document);
  if (invalid.length) return { errors: messages(invalid) };
  const args = {};
  const { data, errors } = js.execute({
    schema, document, variableValues: JSON.parse(variables), rootValue: {},
    fieldResolver(_, given, __, { path, fieldName }) {
      const names = [];
      for (let at = path; at; at = at.prev) names.unshift(at.key);
      args[names.join(".")] = plain(given);
      return fieldName === "leaf" ? 1 : {};
    },
  });
  return errors ? { errors: messages(errors), running: data !== undefined } : { arguments: args };
}

const messages = (errors) => errors.map((e) => e.message);

// plain gives arguments as JSON has them: what is undefined is not there, and numbers too large for a double are null. JavaScript has rounded a long
// number before graphql-js makes an ID of it.
const plain = (given) => JSON.parse(JSON.stringify(given), (_, v) => (/^-?\d{17,}$/.test(v) ? String(Number(v)) : v));
