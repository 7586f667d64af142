import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { Banner } from "./Banner";
import { PeopleDocument } from "./generated/graphql";

export function People() {
  const [search, setSearch] = useState("");
  const { data, previousData, error, loading, fetchMore } = useQuery(PeopleDocument, {
    variables: { search },
    notifyOnNetworkStatusChange: true,
  });
  const users = (data ?? previousData)?.users; // while a search runs, the people of the one before
  return (
    <>
      <h1>People</h1>
      <input type="search" aria-label="Search" value={search} onChange={(e) => setSearch(e.target.value)} />
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
            <button disabled={loading} onClick={() => fetchMore({ variables: { after: users.pageInfo.endCursor } })}>
              More
            </button>
          )}
        </>
      )}
    </>
  );
}
