import { createContext, useContext } from 'react'
import { graphql } from '../gql'
import type { SessionQuery } from '../gql/graphql'

/** What the page asks first: who the visitor is, and from where to follow the changes. Everything else is read after it, so no change is missed. */
export const sessionQuery = graphql(`
  query Session {
    changeCursor
    viewer { subject scopes }
    sources { id name kind kindName authority state capabilities }
  }
`)

export interface Session {
  viewer: SessionQuery['viewer']
  sources: NonNullable<SessionQuery['sources']>
  can(scope: string): boolean
}

export const sessionOf = ({ viewer, sources }: SessionQuery): Session => ({
  viewer,
  sources: sources ?? [],
  can: (scope) => viewer.scopes.includes(scope),
})

export const SessionContext = createContext<Session | null>(null)

export function useSession(): Session {
  const session = useContext(SessionContext)
  if (!session) throw new Error('a page is drawn outside of a session')
  return session
}
