import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import type { AnyVariables, CombinedError } from '@urql/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { ask } from './client'
import { later, pauseAfter } from './later'
import { type Batch, useChanges } from './live'

export interface Live<Data> {
  /** The latest answer, also while the next one is awaited. Null before the first one. */
  data: Data | null
  error: CombinedError | null
  refetch(): void
}

/**
 * Reads a query, and reads it again with each batch of changes that concerns it: by default, with every batch. After an error that may pass
 * it tries again by itself. With every, it also reads again so many milliseconds after an answer.
 */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  concerns: (batch: Batch) => boolean = () => true,
  every?: (data: Data) => number,
): Live<Data> {
  const key = JSON.stringify(variables)
  const [state, setState] = useState<{ key: string; data: Data | null; error: CombinedError | null }>({ key, data: null, error: null })
  const read = useRef((_asked: boolean) => {})
  useEffect(() => {
    let current = true
    let reading = false
    let stale = false // the answer that is awaited may be older than a change
    let waiting = false // after an error: the next attempt has its time
    let failures = 0
    let cancel = () => {}
    const next = async () => {
      stale = reading
      if (reading) return
      reading = true
      waiting = false
      cancel()
      const { data, error } = await ask(query, variables)
      if (!current) return
      reading = false
      setState((before) => ({ key, data: data ?? (before.key === key ? before.data : null), error: error ?? null }))
      failures = data ? 0 : failures + 1
      const pause = data ? (every?.(data) ?? null) : error ? pauseAfter(error, failures) : null
      waiting = !data && pause !== null
      if (pause !== null) cancel = later(pause, () => void next())
      if (stale && !waiting) void next()
    }
    read.current = (asked) => {
      if (asked || !waiting) void next()
    }
    void next()
    return () => {
      current = false
      cancel()
    }
  }, [query, key]) // variables by their key
  const refetch = useCallback(() => read.current(true), [])
  useChanges((batch) => {
    if (concerns(batch)) read.current(false)
  })
  return { data: state.data, error: state.error, refetch }
}
