// Random schemas, operations and variables. Most are right, and some are wrong in one place.

// randomNumbers gives numbers from 0 to 1, the same for the same seed (mulberry32).
export function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// randomCase gives a schema, a document and variables, all as texts: the numbers in them are as they are written.
export function randomCase(next) {
  return new Case(next).texts();
}

const scalars = ["Int", "Float", "String", "Boolean", "ID"];
const literals = {
  Int: ["0", "-1", "2147483647", "-2147483648"], Float: ["1", "-2.5", "1e3", "0.1"], String: ['""', '"a"', '"é\\n"', '"""b"""'],
  Boolean: ["true", "false"], ID: ['"a"', "5", "-7"], Any: ["1", "2.5", '"x"', "true", "{ a: [1, { b: null }] }", "WORD"],
};
const values = {
  Int: ["0", "5.0", "1e3", "-2147483648", "2147483647"], Float: ["0", "1.5", "-1e-3", "99999999999999999999", "1e300"],
  String: ['""', '"5"', '"null"', '"\\u0000é"'], Boolean: ["true", "false"], ID: ['"a"', '""', "5", "5.0", "9007199254740991"],
  Any: ["1.25", '"x"', "[]", '{"a":[1,{"b":null}]}'],
};
const strange = [
  "null", '"5"', "5", "5.5", "-2147483649", "2147483648", "99999999999999999999", "1e400", "true", "1", '"true"', '""', "[]", "[null]", "{}", '{"a":1}',
  '{"__typename":"x"}', '"A"', '"a"', "[[1]]", '["A",null]',
];

class Case {
  constructor(next) {
    this.next = next;
    this.variables = [];
    this.given = [];
    this.names = 0;
    this.enums = { E: ["A", "B", "C"] };
    this.inputs = {};
    for (const name of ["P", "Q", "R"]) this.inputs[name] = this.input(name);
    this.inputs.One = { oneOf: true, fields: Object.keys(this.inputs).concat(scalars).filter(() => this.chance(2)).concat("Int")
      .map((type, i) => ({ name: `k${i}`, type: this.chance(3) ? { list: { name: type, must: this.chance(2) } } : { name: type } })) };
    this.fields = [0, 1, 2].map((i) => ({ name: `f${i}`, args: this.arguments("a") }));
  }

  chance(of) { return this.next() * of < 1; }
  of(list) { return list[Math.floor(this.next() * list.length)]; }
  times(most) { return Array.from({ length: Math.floor(this.next() * (most + 1)) }); }

  // input has fields of scalars, and of inputs that came before it; its own type only where it may be null.
  input(name) {
    const fields = this.arguments("i");
    if (this.chance(2)) fields.push({ name: "self", type: { name } });
    return { fields };
  }

  arguments(prefix) {
    return this.times(4).concat(0).map((_, i) => {
      const type = this.type();
      return { name: `${prefix}${i}`, type, default: this.chance(3) ? this.literal(type, 2, () => null) : undefined };
    });
  }

  type(depth = 2) {
    const must = this.chance(3);
    if (depth > 0 && this.chance(4)) return { list: this.type(depth - 1), must };
    return { name: this.of([...scalars, "Any", "E", ...Object.keys(this.inputs)]), must };
  }

  // literal gives a literal of a type. With a function for variables, it may be or hold some.
  literal(type, depth, variable, place = {}) {
    const v = variable(type, place);
    if (v) return v;
    if (!type.must && this.chance(6) && !place.oneOf) return "null";
    const inner = (t, p) => this.literal(t, depth - 1, variable, p);
    if (type.list) {
      if (!type.list.list && this.chance(5)) return this.literal({ ...type.list, must: true }, depth - 1, () => null); // one value for a list of it
      return `[${this.times(depth > 0 ? 2 : 0).map(() => inner(type.list)).join(", ")}]`;
    }
    const input = this.inputs[type.name];
    if (!input) return this.of(literals[type.name] ?? this.enums[type.name]);
    if (input.oneOf) {
      const f = this.of(depth > 0 ? input.fields : input.fields.slice(-1));
      return `{ ${f.name}: ${inner({ ...f.type, must: true }, { oneOf: true })} }`;
    }
    const some = input.fields.filter((f) => (f.type.must && f.default === undefined) || (depth > 0 && this.chance(2)));
    return `{ ${some.map((f) => `${f.name}: ${inner(f.type, { default: f.default !== undefined && f.default !== "null" })}`).join(", ")} }`;
  }

  // variable may define one that the place permits, with a default where the place needs it.
  variable(type, place) {
    if (!this.chance(2)) return null;
    const name = `$v${this.variables.length}`;
    let own = type, byDefault;
    if (type.must && !place.oneOf && this.chance(2)) {
      own = { ...type, must: false };
      if (!place.default || this.chance(2)) byDefault = this.literal(type, 1, () => null);
    } else if (this.chance(4)) {
      byDefault = this.literal(type, 1, () => null);
    } else if (!type.must && this.chance(4)) {
      own = { ...type, must: true };
    }
    this.variables.push(`${name}: ${written(own)}${byDefault === undefined ? "" : ` = ${byDefault}`}`);
    const required = own.must && byDefault === undefined;
    if (!this.chance(required ? 80 : 5)) this.given.push(`"${name.slice(1)}":${this.value(own, 2)}`);
    return name;
  }

  // value gives a JSON value of a type, or now and then of another.
  value(type, depth) {
    if (this.chance(80)) return this.of(strange);
    if (type.must ? this.chance(80) : this.chance(4)) return "null";
    if (type.list) {
      if (this.chance(4)) return this.value(type.list, depth - 1);
      return `[${this.times(depth > 0 ? 2 : 0).map(() => this.value(type.list, depth - 1)).join(",")}]`;
    }
    const input = this.inputs[type.name];
    if (!input) return this.of(values[type.name] ?? this.enums[type.name].map((v) => `"${v}"`));
    const member = (f) => `"${f.name}":${this.value(f.type, depth - 1)}`;
    if (input.oneOf) {
      const some = depth > 0 ? [this.of(input.fields)] : input.fields.slice(-1);
      if (this.chance(8)) some.push(...input.fields.slice(0, 1));
      return `{${[...new Set(some)].map((f) => member({ ...f, type: { ...f.type, must: true } })).join(",")}}`;
    }
    const some = input.fields.filter((f) => (f.type.must && f.default === undefined ? !this.chance(60) : depth > 0 && this.chance(2)));
    return `{${some.map(member).concat(this.chance(60) ? ['"unknown":1'] : []).join(",")}}`;
  }

  directive() {
    if (this.chance(2)) return "";
    const yes = this.literal({ name: "Boolean", must: true }, 0, (t, p) => this.variable(t, p));
    return ` @${this.of(["skip", "include"])}(if: ${yes})`;
  }

  // field has a name of its own: others of the same name would have to have the same arguments.
  field(depth) {
    const f = this.of(this.fields);
    const args = f.args.filter((a) => (a.type.must && a.default === undefined) || this.chance(2)).map((a) => {
      if (this.chance(150)) return `${a.name}: ${this.of(["{}", "[[1]]", "5", "2.5", '"x"', "A", "true", "2147483648", "null"])}`;
      return `${a.name}: ${this.literal(a.type, 2, (t, p) => this.variable(t, p), { default: a.default !== undefined && a.default !== "null" })}`;
    });
    const below = depth > 0 ? this.selection(depth - 1, false) : "leaf";
    return `n${this.names++}: ${f.name}${args.length ? `(${args.join(", ")})` : ""}${this.directive()} { ${below} }`;
  }

  selection(depth, fragments) {
    return this.times(2).concat(0).map(() => {
      if (this.chance(4)) return `...${this.directive()} { ${this.field(depth)} }`;
      if (fragments && this.chance(5)) {
        // graphql-js 16 does not read the directives of a fragment that it has met; the specification, and 17, do.
        const directive = this.spread ? "" : this.directive();
        this.spread = true;
        return `...F${directive}`;
      }
      return this.field(depth);
    }).join(" ");
  }

  texts() {
    const selection = this.selection(2, true);
    const fragment = this.spread ? ` fragment F on Query { ${this.field(1)} }` : "";
    const head = this.variables.length ? `query(${this.variables.join(", ")})` : "query";
    const field = (f) => `${f.name}: ${written(f.type)}${f.default === undefined ? "" : ` = ${f.default}`}`;
    const schema = [
      "scalar Any", ...Object.entries(this.enums).map(([name, all]) => `enum ${name} { ${all.join(" ")} }`),
      ...Object.entries(this.inputs).map(([name, { oneOf, fields }]) => `input ${name}${oneOf ? " @oneOf" : ""} { ${fields.map(field).join(" ")} }`),
      `type Query { leaf: Int ${this.fields.map((f) => `${f.name}(${f.args.map(field).join(" ")}): Query!`).join(" ")} }`,
    ].join("\n");
    return { schema, document: `${head} { ${selection} }${fragment}`, variables: `{${this.given.join(",")}}` };
  }
}

function written(type) {
  return (type.list ? `[${written(type.list)}]` : type.name) + (type.must ? "!" : "");
}
