import { asking } from './credential.js'
import { examples, question } from './examples.js'
import { takeLink } from './link.js'
import { failure, problems } from './problems.js'
import { ask } from './server.js'
import { openStorage } from './storage.js'
import { isOpen, open } from './tabs.js'

/** The query of a link that no attempt has shown with an answer: a server that asks for a credential first answers the next one. */
let waiting = null

/**
 * Asks the server for its sources, and opens the examples for them, after the query of a link. Returns what GraphiQL begins with, or what it was given before if that
 * still holds. Tabs of an earlier visit stay if the server does not say which sources it has.
 */
export async function start(before) {
  const sent = await ask({ query: question })
  const problem = sent.answer.data ? null : failure(sent)
  problems.set({ schema: null, start: problem })
  if (problem?.status === 401) asking.set({ open: true, message: problem.message })
  const made = examples(sent.answer.data ?? {})
  const storage = before?.storage ?? openStorage()
  const linked = takeLink() ?? waiting
  waiting = problem ? linked : null
  const first = (linked ?? made[0]).query
  if (!linked && isOpen(storage, problem ? undefined : made)) return before ?? { id: 0, storage, first }
  const anew = openStorage()
  return { id: (before?.id ?? 0) + 1, storage: anew, first, tabs: open(anew, made, linked) }
}
