import type { TypedDocumentString } from "./gql/graphql";

export interface SourceError {
  message: string;
  extensions: { code: string; source: string; reason?: string; retryAfter?: number };
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string } }[];
  extensions?: { sources?: SourceError[] };
}

const url = `${import.meta.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/graphql`;

// ask runs an operation, and gives its data and the sources that it lacks. The document determines the types of both.
export async function ask<Data, Variables>(document: TypedDocumentString<Data, Variables>, variables: Variables, signal?: AbortSignal) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: document, variables }),
    signal,
  });
  const { data, errors, extensions } = (await response.json()) as Answer<Data>;
  if (!data || errors) throw new Error(errors?.map((e) => e.message).join("\n") ?? response.statusText);
  return { data, sourceErrors: extensions?.sources ?? [] };
}
