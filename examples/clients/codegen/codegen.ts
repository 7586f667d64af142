import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: `${process.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/schema.graphql`,
  documents: "src/*.ts",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string", // documents stay texts, so the page needs no GraphQL library
        scalars: { DateTime: "string", URL: "string", JSON: "unknown", ID: "string" },
        strictScalars: true, // a scalar that is not above is an error
      },
    },
  },
};

export default config;
