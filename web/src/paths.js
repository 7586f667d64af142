// Where the server answers, relative to the page, so that a proxy may serve everything under a path of its own.
const at = (path) => new URL(path, document.baseURI)

export const graph = at('graphql')
export const schemaFile = at('schema.graphql')
