// Every program on this host and port shares one localStorage, and another GraphiQL uses the same keys: these are our own.
const prefix = 'roster:'

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix))

/** What GraphiQL keeps between visits: tabs, history, theme; headers only if the visitor says so. */
export const storage = {
  getItem: (key) => localStorage.getItem(prefix + key),
  setItem: (key, value) => localStorage.setItem(prefix + key, value),
  removeItem: (key) => localStorage.removeItem(prefix + key),
  clear: () => keys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return keys().length
  },
}

/**
 * Keeps the example that a first visit opens with as if it had been typed. GraphiQL takes what its editors show from here: from its
 * default tabs it would take the first query and leave out the variables.
 */
export function openWith({ query, variables = '' }) {
  if (storage.length > 0) return
  storage.setItem('graphiql:query', query)
  storage.setItem('graphiql:variables', variables)
}
