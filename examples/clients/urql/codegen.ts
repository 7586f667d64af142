import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: `${process.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/schema.graphql`,
  documents: "src/*.{ts,tsx}",
  config: { scalars: { DateTime: "string", ID: "string" } },
  generates: {
    "src/gql/": { preset: "client", presetConfig: { fragmentMasking: false } },
    "src/gql/possibleTypes.ts": { plugins: ["fragment-matcher"] },
  },
};

export default config;
