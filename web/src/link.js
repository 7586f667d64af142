/**
 * Takes the query that a link to the page has in its fragment: #query=…&variables=…. Null without one. It is removed from the address, so that
 * what the visitor makes of it is what the next visit shows.
 */
export function takeLink() {
  const params = new URLSearchParams(location.hash.slice(1))
  const query = params.get('query')
  if (!query) return null
  history.replaceState(null, '', location.pathname + location.search)
  return { query, variables: params.get('variables') ?? '' }
}
