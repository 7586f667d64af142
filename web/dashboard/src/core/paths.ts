// The server's addresses, relative to the page, so that a proxy may serve everything under a path of its own. Every page is one level
// deep, so all of them have the same directory.
const at = (path: string) => new URL(path, document.baseURI)

/** The path of the overview, without the final slash: '' unless a proxy serves Roster under a path of its own. */
export const base = at('.').pathname.replace(/\/$/, '')

/** Begins the names of what is stored. The playground uses the same, so that both have one credential. */
export const stored = `roster:${at('.').pathname}:`

export const graph = at('graphql').href
export const graphSocket = graph.replace(/^http/, 'ws')

/** The address of a list as a CSV file. */
export const exportFile = (list: string, params: URLSearchParams) => `${at(`export/${list}.csv`).href}?${params}`

/** The address of the playground with a query in it. It is in the fragment, which browsers do not send to servers. */
export const playground = (query: string, variables: object) =>
  `${at('playground').href}#${new URLSearchParams({ query, variables: JSON.stringify(variables, null, 2) })}`

