import { useGraphiQL, useGraphiQLActions } from '@graphiql/react'
import { parse } from 'graphql'
import { useEffect, useRef } from 'react'
import { problems } from './problems.js'

const onlyQueries = (text) =>
  parse(text).definitions.every((d) => d.kind === 'FragmentDefinition' || (d.kind === 'OperationDefinition' && d.operation === 'query'))

/**
 * Runs the first example once if it is open as it was made, and if the server answers. It never runs anything but queries. It waits for
 * the schema, because GraphiQL writes over the result what is wrong with the schema.
 */
export function FirstAnswer({ query }) {
  const { run } = useGraphiQLActions()
  const { queryEditor, ready } = useGraphiQL(({ queryEditor, responseEditor, isIntrospecting, schema, fetchError }) => ({
    queryEditor,
    ready: Boolean(queryEditor && responseEditor && !isIntrospecting && (schema || fetchError)),
  }))
  const done = useRef(false)

  useEffect(() => {
    if (done.current || !ready || problems.get().start || queryEditor.getValue() !== query || !onlyQueries(query)) return
    done.current = true
    run()
  }, [ready])
}

/** Has the schema read again at each further attempt. GraphiQL reads it once by itself. */
export function Schema({ attempt }) {
  const { introspect } = useGraphiQLActions()
  const read = useRef(attempt)

  useEffect(() => {
    if (read.current === attempt) return
    read.current = attempt
    introspect()
  }, [attempt])
}

/** Has the editors follow the system's theme while the page is open, unless the visitor has chosen one. */
export function SystemTheme() {
  const { setTheme } = useGraphiQLActions()
  const theme = useGraphiQL((state) => state.theme)

  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => theme === null && setTheme(null)
    dark.addEventListener('change', follow)
    return () => dark.removeEventListener('change', follow)
  }, [theme])
}
