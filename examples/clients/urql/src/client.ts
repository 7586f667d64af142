import { Client, fetchExchange, mapExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import generated from "./gql/possibleTypes";
import { keepSourceErrors } from "./sources";

export const client = new Client({
  url: `${import.meta.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/graphql`,
  exchanges: [
    cacheExchange({
      possibleTypes: generated.possibleTypes, // so that the cache knows what `... on Account` matches
      keys: { Completeness: () => null }, // it has no ID, and belongs to its list or person
      resolvers: { Query: { users: relayPagination() } },
    }),
    // Answers from the cache have no extensions, so those of the server's answers are kept.
    mapExchange({ onResult: ({ extensions }) => keepSourceErrors(extensions) }),
    fetchExchange,
  ],
});
