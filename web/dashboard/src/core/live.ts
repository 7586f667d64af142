import { createClient } from 'graphql-ws'
import { useEffect, useRef } from 'react'
import { graphql } from '../gql'
import type { ChangesSubscription, CursorQuery } from '../gql/graphql'
import { ask } from './client'
import { authorization } from './credential'
import { later } from './later'
import { graphSocket } from './paths'
import { text } from './prefix'
import { sessionQuery } from './session'
import { shared } from './state'

const changesSubscription = graphql(`
  subscription Changes($after: String) {
    changes(after: $after) { cursor kind action id relatedId reset }
  }
`)

const cursorQuery = graphql(`
  query Cursor { changeCursor }
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

/** For how long changes are collected, so that a burst of them is read once, in milliseconds. */
const collectFor = 100

/** So many changes are kept while nobody can see the page. After that, everything is read again. */
const most = 1_000

/** The pauses between attempts to connect, in milliseconds; the last one repeats. Up to half of it is added, so that browsers do not come together. */
const pauses = [1_000, 2_000, 5_000, 10_000, 30_000]

/** A connection works if nothing refuses it for so long, in milliseconds. Then the next pause is the shortest one. */
const settled = 10_000

/** For how long a subscription must not be refused until the page says that changes arrive, in milliseconds. */
const accepted = 500

/** How often the page asks whether the server is still there, and for how long it waits for the answer, in milliseconds. */
const pingEvery = 20_000
const pongWithin = 10_000

/** The socket is closed with these if the server does not accept the credential, or not any more. */
const refusals = [4401, 4403]

interface Fault {
  message?: string
  extensions?: Record<string, unknown>
}

/**
 * Follows the changes after the cursor, across interruptions, until the returned function is called. A WebSocket, because browsers allow a
 * server only six connections with HTTP/1.1, and each tab of the browser would hold one of them.
 */
export function follow(start: string): () => void {
  let after: string | undefined = start
  let stopped = false
  let open = false // whether there is a connection
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let live: ReturnType<typeof setTimeout> | undefined
  let works: ReturnType<typeof setTimeout> | undefined
  let silent: ReturnType<typeof setTimeout> | undefined
  let batch: Batch = { changes: [], all: false }
  let flush: (() => void) | undefined
  const sockets = createClient({
    url: graphSocket,
    connectionParams: authorization,
    connectionAckWaitTimeout: pongWithin,
    retryAttempts: 0,
    lazy: true,
    lazyCloseTimeout: 1_000, // so that the changes are on the connection that told the cursor: another replica does not know it
    keepAlive: pingEvery,
  })

  const collect = (change: Change | null) => {
    if (change) batch.changes.push(change)
    if (!change || change.reset || batch.changes.length > most) batch = { changes: [], all: true }
    flush ??= later(collectFor, () => {
      const full = batch
      batch = { changes: [], all: false }
      flush = undefined
      listeners.forEach((listener) => listener(full))
    })
  }

  const again = (least = 0) => {
    if (stopped) return
    clearTimeout(live)
    clearTimeout(works)
    clearTimeout(timer)
    connection.set(failures === 0 ? 'connecting' : 'off')
    const pause = Math.max(least, pauses[Math.min(failures, pauses.length - 1)] as number)
    timer = setTimeout(connect, pause * (1 + Math.random() / 2))
    failures++
  }

  const refused = (errors: readonly Fault[]) => {
    if (errors.some(({ extensions }) => extensions?.['code'] === 'CURSOR_EXPIRED')) after = undefined
    const wait = errors[0]?.extensions?.['retryAfter']
    again(typeof wait === 'number' ? wait * 1_000 : 0)
  }

  const failed = (fault: unknown) => {
    if (Array.isArray(fault)) return refused(fault as Fault[])
    // Over HTTP, the server says why it does not accept the credential.
    if (refusals.includes((fault as Partial<CloseEvent> | null)?.code ?? 0)) void ask(sessionQuery, {})
    again()
  }

  let stop: (() => void) | undefined
  const connect = () => {
    timer = undefined
    if (after === undefined) restart()
    else listen(after)
  }

  /** Asks where the changes are now. What came before is not told any more, so everything is read again. */
  const restart = () => {
    let errors: readonly Fault[] = []
    stop = sockets.subscribe<CursorQuery>(
      { query: text(cursorQuery) },
      {
        next(answer) {
          errors = answer.errors ?? []
          after = answer.data?.changeCursor
        },
        error: failed,
        complete() {
          if (stopped) return
          if (after === undefined) return refused(errors)
          collect(null)
          listen(after)
        },
      },
    )
  }

  /** Says that changes arrive, unless the server refuses the subscription first. */
  const confirm = () => {
    clearTimeout(live)
    clearTimeout(works)
    live = setTimeout(() => connection.set('live'), accepted)
    works = setTimeout(() => {
      failures = 0
    }, settled)
  }

  const listen = (cursor: string) => {
    if (open) confirm()
    let errors: readonly Fault[] = []
    stop = sockets.subscribe<ChangesSubscription>(
      { query: text(changesSubscription), variables: { after: cursor } },
      {
        next(answer) {
          errors = answer.errors ?? []
          if (!answer.data?.changes) return
          after = answer.data.changes.cursor
          failures = 0
          collect(answer.data.changes)
        },
        error: failed,
        complete: () => refused(errors),
      },
    )
  }

  sockets.on('connected', () => {
    open = true
    if (after !== undefined) confirm()
  })
  // The browser does not notice that a connection is dead: after sleep, or behind a router that has forgotten it.
  sockets.on('ping', (received) => {
    if (received) return
    clearTimeout(silent)
    silent = setTimeout(() => sockets.terminate(), pongWithin)
  })
  sockets.on('pong', (received) => {
    if (received) clearTimeout(silent)
  })
  sockets.on('closed', () => {
    open = false
    clearTimeout(silent)
  })
  const online = () => {
    if (timer === undefined) return
    clearTimeout(timer)
    connect()
  }
  window.addEventListener('online', online)
  connect()
  return () => {
    stopped = true
    window.removeEventListener('online', online)
    clearTimeout(timer)
    clearTimeout(live)
    clearTimeout(works)
    clearTimeout(silent)
    flush?.()
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
