import { graphql, useLazyLoadQuery } from "react-relay";
import type { PersonQuery } from "./__generated__/PersonQuery.graphql";
import { Banner } from "./Banner";

const query = graphql`
  query PersonQuery($id: ID!) {
    node(id: $id) {
      ... on User {
        name
        title
        email
        accounts { id name externalId active source { name } }
        completeness { ...Banner_freshness }
      }
    }
  }
`;

export function Person({ id }: { id: string }) {
  const { node: user } = useLazyLoadQuery<PersonQuery>(query, { id });
  return (
    <>
      <a href="#">All people</a>
      <h1>{user?.name ?? "There is no such person."}</h1>
      {user?.completeness && <Banner freshness={user.completeness} />}
      <p>{[user?.title, user?.email].filter(Boolean).join(", ")}</p>
      <ul>
        {user?.accounts?.map((account) => (
          <li key={account.id}>
            {account.source.name}: {account.name} ({account.externalId}){!account.active && ", inactive"}
          </li>
        ))}
      </ul>
    </>
  );
}
