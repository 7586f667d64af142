import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import type { AnyVariables, CombinedError } from '@urql/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { client } from './client'
import { type Batch, useChanges } from './live'

export interface Live<Data> {
  /** The latest answer, also while the next one is awaited. Null before the first one. */
  data: Data | null
  error: CombinedError | null
  refetch(): void
}

/** Reads a query, and reads it again with each batch of changes that concerns it: by default, with every batch. */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  concerns: (batch: Batch) => boolean = () => true,
): Live<Data> {
  const key = JSON.stringify(variables)
  const [state, setState] = useState<{ key: string; data: Data | null; error: CombinedError | null }>({ key, data: null, error: null })
  const latest = useRef(0)
  const refetch = useCallback(() => {
    const attempt = ++latest.current
    void client
      .query(query, variables)
      .toPromise()
      .then(({ data, error }) => {
        if (attempt !== latest.current) return // a later attempt has begun
        setState((before) => ({ key, data: data ?? (before.key === key ? before.data : null), error: error ?? null }))
      })
  }, [query, key]) // variables by their key
  useEffect(() => {
    refetch()
    return () => {
      latest.current++
    }
  }, [refetch])
  useChanges((batch) => {
    if (concerns(batch)) refetch()
  })
  return { data: state.data, error: state.error, refetch }
}
