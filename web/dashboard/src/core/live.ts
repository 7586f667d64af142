import { createClient } from 'graphql-ws'
import { useEffect, useRef } from 'react'
import { graphql } from '../gql'
import type { ChangesSubscription } from '../gql/graphql'
import { client } from './client'
import { authorization } from './credential'
import { graphSocket } from './paths'
import { text } from './prefix'
import { sessionQuery } from './session'
import { shared } from './state'

const changesSubscription = graphql(`
  subscription Changes($after: String) {
    changes(after: $after) { cursor kind action id relatedId reset }
  }
`)

export type Change = ChangesSubscription['changes']

/** What has changed since the last batch. all: it is not known what, so everything has to be read again. */
export interface Batch {
  changes: Change[]
  all: boolean
}

/** Whether changes arrive. */
export const connection = shared<'connecting' | 'live' | 'off'>('connecting')

const listeners = new Set<(batch: Batch) => void>()

/** For how long changes are collected, so that a burst of them is read once. */
const collectFor = 100

/** The pauses between attempts to connect, in milliseconds; the last one repeats. */
const pauses = [0, 1_000, 2_000, 5_000, 10_000]

/**
 * Follows the changes after the cursor, across interruptions, until the returned function is called. A WebSocket, because browsers allow a
 * server only six connections with HTTP/1.1, and each tab of the browser would hold one of them.
 */
export function follow(start: string): () => void {
  let after: string | undefined = start
  let stopped = false
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let batch: Batch = { changes: [], all: false }
  let flush: ReturnType<typeof setTimeout> | undefined
  const sockets = createClient({ url: graphSocket, connectionParams: authorization, retryAttempts: 0, lazy: true, lazyCloseTimeout: 0 })

  const collect = (change: Change | null) => {
    if (change) batch.changes.push(change)
    if (!change || change.reset) batch.all = true
    flush ??= setTimeout(() => {
      const full = batch
      batch = { changes: [], all: false }
      flush = undefined
      listeners.forEach((listener) => listener(full))
    }, collectFor)
  }

  const again = () => {
    if (stopped) return
    connection.set(failures === 0 ? 'connecting' : 'off')
    timer = setTimeout(connect, pauses[Math.min(failures, pauses.length - 1)])
    failures++
  }

  /** Reads where the changes are now. What came before is not told any more, so everything is read again. */
  const restart = async () => {
    const answer = await client.query(sessionQuery, {}).toPromise()
    if (stopped) return
    after = answer.data?.changeCursor
    if (after !== undefined) collect(null)
    again()
  }

  let stop: (() => void) | undefined
  const connect = () => {
    if (after === undefined) {
      void restart()
      return
    }
    stop = sockets.subscribe<ChangesSubscription>(
      { query: text(changesSubscription), variables: { after } },
      {
        next({ data, errors }) {
          if (errors?.some((error) => error.extensions?.['code'] === 'CURSOR_EXPIRED')) after = undefined
          if (!data?.changes) return
          after = data.changes.cursor
          failures = 0
          collect(data.changes)
        },
        error(fault) {
          if (Array.isArray(fault) && fault.some((error) => error.extensions?.code === 'CURSOR_EXPIRED')) after = undefined
          again()
        },
        complete: again,
      },
    )
  }

  sockets.on('connected', () => {
    failures = 0
    connection.set('live')
  })
  connect()
  return () => {
    stopped = true
    clearTimeout(timer)
    clearTimeout(flush)
    stop?.()
    void sockets.dispose()
  }
}

/** Calls the function with each batch of changes while the component is on the page. */
export function useChanges(listener: (batch: Batch) => void) {
  const latest = useRef(listener)
  useEffect(() => {
    latest.current = listener
  })
  useEffect(() => {
    const call = (batch: Batch) => latest.current(batch)
    listeners.add(call)
    return () => {
      listeners.delete(call)
    }
  }, [])
}
