// The names under which GraphiQL keeps what is open, and under which the page keeps the examples that it opened last.
const names = { tabs: 'graphiql:tabState', query: 'graphiql:query', variables: 'graphiql:variables', examples: 'examples' }

const parsed = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const same = (a) => (b) => a.query === b.query && (a.variables ?? '') === (b.variables ?? '')

/** Reports whether the tabs of an earlier visit are open, with these examples among them or closed by the visitor. */
export const isOpen = (storage, examples) =>
  storage.getItem(names.tabs) !== null && (examples === undefined || storage.getItem(names.examples) === JSON.stringify(examples))

/**
 * Opens what a link has, if there is one, the examples, and after them what the visitor has written in earlier visits. Returns the tabs for
 * GraphiQL. Examples of an earlier visit are closed: they were for other sources.
 */
export function open(storage, examples, linked) {
  const first = linked ? [linked, ...examples] : examples
  const before = parsed(storage.getItem(names.examples)) ?? []
  const own = (parsed(storage.getItem(names.tabs))?.tabs ?? []).filter(
    (tab) => tab.query?.trim() && ![...before, ...first].some(same(tab)),
  )
  storage.removeItem(names.tabs)
  storage.setItem(names.examples, JSON.stringify(examples))
  // GraphiQL's editors show what was open last, and not the first of its default tabs.
  storage.setItem(names.query, first[0].query)
  storage.setItem(names.variables, first[0].variables ?? '')
  return [...first, ...own.map(({ query, variables, headers }) => ({ query, variables, headers }))]
}
