import { useQuery } from "urql";
import { Banner } from "./Banner";
import { graphql } from "./gql";

const personQuery = graphql(`
  query Person($id: ID!) {
    user(by: { id: $id }) {
      id
      name
      title
      email
      accounts { ...Account }
      completeness { ...Freshness }
    }
  }
  fragment Account on Account {
    id
    name
    externalId
    active
    source { id name }
  }
`);

export function Person({ id }: { id: string }) {
  const [{ data, error, fetching }] = useQuery({ query: personQuery, variables: { id } });
  const user = data?.user;
  return (
    <>
      <a href="#">All people</a>
      {error && <p role="alert">{error.message}</p>}
      {!user && !error && <p>{fetching ? "Loading" : "There is no such person."}</p>}
      {user && (
        <>
          <h1>{user.name}</h1>
          <Banner {...user.completeness} />
          <p>{[user.title, user.email].filter(Boolean).join(", ")}</p>
          <ul>
            {user.accounts.map((account) => (
              <li key={account.id}>
                {account.source.name}: {account.name} ({account.externalId}){!account.active && ", inactive"}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
