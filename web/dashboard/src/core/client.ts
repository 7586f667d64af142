import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type AnyVariables, Client, type CombinedError, createRequest, fetchExchange, makeOperation, mapExchange } from '@urql/core'
import { asking, authorization, credential } from './credential'
import { graph } from './paths'
import { withPrefix } from './prefix'

/** The credential for which the dialog has been opened: once for each, because the page goes on asking. */
let refused: string | null = null

/**
 * The client keeps no answers: the server answers from memory, and an answer that is kept would have to be compared with each change.
 * What is shown is read again when a change concerns it (live.ts).
 */
export const client = new Client({
  url: graph,
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetchOptions: () => ({ headers: { ...authorization(), accept: 'application/graphql-response+json, application/json' } }),
  exchanges: [
    mapExchange({
      onOperation: (operation) => makeOperation(operation.kind, { ...operation, query: withPrefix(operation.query) }),
      onError(error) {
        if (statusOf(error) !== 401 || refused === credential.get()) return
        refused = credential.get()
        asking.set({ open: true, message: messageOf(error) })
      },
    }),
    fetchExchange,
  ],
})

let asked = 0

/**
 * Asks the server. Each call is a request of its own: urql would answer a query like one that it awaits from the same answer, which can be
 * older than a change, or for another credential.
 */
export const ask = <Data, Variables extends AnyVariables>(query: TypedDocumentNode<Data, Variables>, variables: Variables) =>
  client.executeQuery<Data, Variables>({ ...createRequest(query, variables), key: ++asked }).toPromise()

/** The HTTP status of the answer with an error; 0 if nothing answered. */
export const statusOf = (error: CombinedError): number => (error.response as Response | undefined)?.status ?? 0

/** The server's own words for an error. */
export function messageOf(error: CombinedError): string {
  if (error.graphQLErrors.length > 0) return error.graphQLErrors.map(({ message }) => message).join(' ')
  const status = statusOf(error)
  return status === 0 ? 'The server does not answer.' : `The server answered ${status}, and what it sent cannot be read.`
}

/** For how many seconds the server asks to wait; 0 if it does not say. */
export function retryAfterOf(error: CombinedError): number {
  const after = error.graphQLErrors[0]?.extensions['retryAfter']
  return typeof after === 'number' ? after : Number((error.response as Response | undefined)?.headers.get('Retry-After')) || 0
}

/** What to do about an error. The server's own message comes before it. */
export function adviceOf(error: CombinedError): string {
  const after = retryAfterOf(error)
  if (after > 0) return `Wait ${after} s, then try again.`
  return advice[statusOf(error)] ?? ''
}

const advice: Record<number, string> = {
  0: 'Check that Roster runs and that you can reach it.',
  401: 'Enter an API key or a token.',
  403: 'Use a credential with the scope that is missing, or ask who operates Roster.',
  421: 'Open the page under a name that the server answers to.',
  429: 'Wait, then try again.',
  502: 'A proxy in front of Roster answers, and cannot reach Roster.',
  503: 'Wait, then try again.',
  504: 'A proxy in front of Roster answers, and Roster takes too long.',
}
