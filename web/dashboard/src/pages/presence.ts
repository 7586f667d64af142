import { useEffect, useState } from 'react'
import { ask } from '../core/client'
import { later, pauseAfter } from '../core/later'
import { graphql } from '../gql'
import type { Presence } from '../gql/graphql'

const presenceQuery = graphql(`
  query Presence($ids: [ID!]!) {
    nodes(ids: $ids) { ... on User { id presence } }
  }
`)

/** Whether people are online, by their ID. */
export type Presences = Record<string, Presence | null>

/** For how long the rows in view must stay the same, and how old a presence may become, in milliseconds. */
const still = 300
const fresh = 60_000

/** Asks for the presence of people, once they are in view for a moment, and again every minute while somebody can see the page. */
export function usePresence(ids: string[]): Presences {
  const [presences, setPresences] = useState<Presences>({})
  const key = ids.slice(0, 100).join(' ')
  useEffect(() => {
    if (key === '') return
    let current = true
    let failures = 0
    const next = async () => {
      const { data, error } = await ask(presenceQuery, { ids: key.split(' ') })
      if (!current) return
      failures = data ? 0 : failures + 1
      const found: Presences = {}
      for (const node of data?.nodes ?? []) if (node && 'presence' in node) found[node.id] = node.presence
      setPresences(found) // without an answer, nothing is known any more
      const pause = data || !error ? fresh : pauseAfter(error, failures)
      if (pause !== null) cancel = later(Math.max(pause, fresh), () => void next())
    }
    let cancel = later(still, () => void next())
    return () => {
      current = false
      cancel()
    }
  }, [key])
  return presences
}
