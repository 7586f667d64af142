import { graphql } from "./gql";
import type { FreshnessFragment } from "./gql/graphql";
import { useSourceErrors } from "./sources";

graphql(`
  fragment Freshness on Completeness {
    missing { id name }
    stale { id name }
    asOf
  }
`);

// Banner says which sources are missing or stale, and how old the data is. It shows nothing if all sources are there.
export function Banner({ missing, stale, asOf }: FreshnessFragment) {
  const errors = useSourceErrors();
  if (missing.length === 0 && stale.length === 0) return null;
  return (
    <aside role="status">
      {missing.map(({ name }) => (
        <p key={name}>
          {errors[name]?.message ?? `${name} is missing`}
          {errors[name]?.extensions.retryAfter !== undefined && `, next attempt in ${errors[name].extensions.retryAfter} s`}
        </p>
      ))}
      {stale.map(({ name }) => (
        <p key={name}>{name} is stale: its last fetch failed or is overdue</p>
      ))}
      {asOf && <p>The oldest data is {Math.round((Date.now() - Date.parse(asOf)) / 60_000)} min old</p>}
    </aside>
  );
}
