import { useState } from "react";
import { useQuery } from "urql";
import { Banner } from "./Banner";
import { graphql } from "./gql";

const peopleQuery = graphql(`
  query People($search: String, $after: String) {
    users(first: 25, after: $after, filter: { search: $search }) {
      totalCount
      edges { node { id name title } }
      pageInfo { startCursor endCursor hasPreviousPage hasNextPage }
      completeness { ...Freshness }
    }
  }
`);

export function People() {
  const [variables, setVariables] = useState<{ search: string; after?: string | null }>({ search: "" });
  const [{ data, error, fetching }] = useQuery({ query: peopleQuery, variables });
  const users = data?.users; // with the cache's relayPagination, all pages up to this one
  return (
    <>
      <h1>People</h1>
      <input
        type="search"
        aria-label="Search"
        value={variables.search}
        onChange={(e) => setVariables({ search: e.target.value })}
      />
      {error && <p role="alert">{error.message}</p>}
      {users && (
        <>
          <Banner {...users.completeness} />
          <p>{users.totalCount} people</p>
          <ul>
            {users.edges.map(({ node }) => (
              <li key={node.id}>
                <a href={`#${encodeURIComponent(node.id)}`}>{node.name}</a> {node.title}
              </li>
            ))}
          </ul>
          {users.pageInfo.hasNextPage && (
            <button
              disabled={fetching}
              onClick={() => setVariables({ search: variables.search, after: users.pageInfo.endCursor })}
            >
              More
            </button>
          )}
        </>
      )}
    </>
  );
}
