import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: `${process.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/schema.graphql`,
  documents: "src/*.graphql",
  config: { scalars: { DateTime: "string", ID: "string" } },
  generates: {
    "src/generated/graphql.ts": { plugins: ["typescript-operations", "typed-document-node"] },
    "src/generated/possibleTypes.ts": { plugins: ["fragment-matcher"] },
  },
};

export default config;
