import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, makeVar } from "@apollo/client";
import { relayStylePagination } from "@apollo/client/utilities";
import { tap } from "rxjs";
import generated from "./generated/possibleTypes";

export interface SourceError {
  message: string;
  extensions: { code: string; source: string; reason?: string; retryAfter?: number };
}

// The latest entry of extensions.sources for each source. Hooks do not give the extensions of an answer, so a link keeps them.
export const sourceErrors = makeVar<Record<string, SourceError | undefined>>({});

const keepSourceErrors = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap(({ extensions }) => {
      const sources = (extensions?.sources ?? []) as SourceError[];
      sourceErrors({ ...sourceErrors(), ...Object.fromEntries(sources.map((e) => [e.extensions.source, e])) });
    }),
  ),
);

export const client = new ApolloClient({
  link: ApolloLink.from([
    keepSourceErrors,
    new HttpLink({ uri: `${import.meta.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/graphql` }),
  ]),
  cache: new InMemoryCache({
    possibleTypes: generated.possibleTypes, // so that the cache knows what `... on Account` matches
    typePolicies: { Query: { fields: { users: relayStylePagination(["filter", "orderBy"]) } } },
  }),
  clientAwareness: { name: "roster-example-apollo" },
});
