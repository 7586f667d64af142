import { useQuery } from "@apollo/client/react";
import { Banner } from "./Banner";
import { PersonDocument } from "./generated/graphql";

export function Person({ id }: { id: string }) {
  const { data, error, loading } = useQuery(PersonDocument, { variables: { id } });
  const user = data?.user;
  return (
    <>
      <a href="#">All people</a>
      {error && <p role="alert">{error.message}</p>}
      {!user && !error && <p>{loading ? "Loading" : "There is no such person."}</p>}
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
