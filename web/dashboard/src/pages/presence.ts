import { useEffect, useState } from 'react'
import { client } from '../core/client'
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

/** Asks for the presence of people, once they are in view for a moment, and again every minute. */
export function usePresence(ids: string[]): Presences {
  const [presences, setPresences] = useState<Presences>({})
  const key = ids.slice(0, 100).join(' ')
  useEffect(() => {
    if (key === '') return
    let current = true
    const ask = async () => {
      const { data } = await client.query(presenceQuery, { ids: key.split(' ') }).toPromise()
      if (!current || !data) return
      const found: Presences = {}
      for (const node of data.nodes) if (node && 'presence' in node) found[node.id] = node.presence
      setPresences((before) => ({ ...before, ...found }))
    }
    const first = setTimeout(() => void ask(), still)
    const timer = setInterval(() => void ask(), fresh)
    return () => {
      current = false
      clearTimeout(first)
      clearInterval(timer)
    }
  }, [key])
  return presences
}
