// Where the server answers, relative to the page, so that a proxy may serve everything under a path of its own.
const at = (path) => new URL(path, document.baseURI)

/**
 * Begins the names of what the page stores. Every program on this host and port shares the storage, another GraphiQL uses the same names,
 * and another Roster may have a path of its own: a credential for one must not reach the other.
 */
export const stored = `roster:${at('.').pathname}:`

export const graph = at('graphql')
export const schemaFile = at('schema.graphql')
