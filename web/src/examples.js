// Read while the page is built, which is why each call has its options written out.
const queries = import.meta.glob('../../examples/*.graphql', { query: '?raw', import: 'default', eager: true })
const variables = import.meta.glob('../../examples/*.variables.json', { query: '?raw', import: 'default', eager: true })

const found = Object.keys(queries)
  .sort()
  .map((path) => ({ query: queries[path], variables: variables[path.replace(/\.graphql$/, '.variables.json')] }))

const fallback = {
  query: `# The first people by name, each with the sources that know them.
query People {
  users(first: 10) {
    totalCount
    nodes {
      name
      email
      accounts {
        source {
          name
        }
      }
    }
  }
}
`,
}

/** The tabs of a first visit, in the order of their files' names. */
export const examples = found.length > 0 ? found : [fallback]
