import { useState, useTransition } from "react";
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";
import type { People_query$key } from "./__generated__/People_query.graphql";
import type { PeoplePageQuery } from "./__generated__/PeoplePageQuery.graphql";
import type { PeopleQuery } from "./__generated__/PeopleQuery.graphql";
import { Banner } from "./Banner";

const query = graphql`
  query PeopleQuery {
    ...People_query
  }
`;

const pages = graphql`
  fragment People_query on Query
  @refetchable(queryName: "PeoplePageQuery")
  @argumentDefinitions(search: { type: "String" }, count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" }) {
    users(first: $count, after: $cursor, filter: { search: $search }) @connection(key: "People_users") {
      totalCount
      edges { node { id name title } }
      completeness { ...Banner_freshness }
    }
  }
`;

export function People() {
  const [search, setSearch] = useState("");
  const [isPending, startTransition] = useTransition();
  const { data, loadNext, hasNext, isLoadingNext, refetch } = usePaginationFragment<PeoplePageQuery, People_query$key>(
    pages,
    useLazyLoadQuery<PeopleQuery>(query, {}),
  );
  return (
    <>
      <h1>People</h1>
      <input
        type="search"
        aria-label="Search"
        value={search}
        onChange={(e) => {
          setSearch(e.target.value);
          startTransition(() => void refetch({ search: e.target.value })); // shows the people of before until the answer is here
        }}
      />
      {data.users && (
        <>
          <Banner freshness={data.users.completeness} />
          <p>{data.users.totalCount} people</p>
          <ul aria-busy={isPending}>
            {data.users.edges.map(({ node }) => (
              <li key={node.id}>
                <a href={`#${encodeURIComponent(node.id)}`}>{node.name}</a> {node.title}
              </li>
            ))}
          </ul>
          {hasNext && (
            <button disabled={isLoadingNext} onClick={() => loadNext(25)}>
              More
            </button>
          )}
        </>
      )}
    </>
  );
}
