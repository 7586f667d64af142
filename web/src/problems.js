import { shared } from './state.js'

/** What keeps the page from asking the server: what the page asked first, and for the schema. Null where nothing is wrong. */
export const problems = shared({ start: null, schema: null })

/** What to do, for each status of a refusal. The server's own message comes before it. */
const advice = {
  0: 'Check that Roster runs and that you can reach it.',
  401: 'Enter an API key or a token.',
  403: 'Use a credential with the scope that is missing, or ask who operates Roster.',
  421: 'Open the page under a name that the server answers to.',
  429: 'Wait, then try again.',
  502: 'A proxy in front of Roster answers, and cannot reach Roster.',
  503: 'Wait, then try again.',
  504: 'A proxy in front of Roster answers, and Roster takes too long.',
}

/** Says what is wrong with an answer that has no data. */
export function failure({ status, answer }) {
  const { message = `The server answered ${status}.`, extensions: { retryAfter } = {} } = answer.errors?.[0] ?? {}
  const wait = retryAfter > 0 ? `Wait ${retryAfter} s, then try again.` : undefined
  return { status, message, advice: wait ?? advice[status] ?? '' }
}
