import { Environment, Network, RecordSource, Store, type FetchFunction } from "relay-runtime";
import { keepSourceErrors } from "./sources";

const url = `${import.meta.env.VITE_ROSTER_URL ?? "http://127.0.0.1:8080"}/graphql`;

const fetchAnswer: FetchFunction = async ({ text }, variables) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: text, variables }),
  });
  const answer = await response.json();
  keepSourceErrors(answer.extensions);
  return answer;
};

export const environment = new Environment({
  network: Network.create(fetchAnswer),
  store: new Store(new RecordSource()),
});
