import type { CombinedError } from '@urql/core'
import { retryAfterOf, statusOf } from './client'

/** What a repetition may help against: no answer, too many requests, and a server or a proxy in trouble. */
const temporary = [0, 429, 502, 503, 504]

/** The pause before a query is asked again after an error, in milliseconds. Null: the same query would fail again. */
export function pauseAfter(error: CombinedError, failures: number): number | null {
  if (!temporary.includes(statusOf(error))) return null
  return Math.max(retryAfterOf(error) * 1_000, Math.min(5_000 * 2 ** (failures - 1), 60_000))
}

/** Calls a function once: after the pause in milliseconds, and while somebody can see the page. The returned function cancels it. */
export function later(pause: number, call: () => void): () => void {
  const visible = () => {
    if (document.visibilityState !== 'visible') return
    document.removeEventListener('visibilitychange', visible)
    call()
  }
  const timer = setTimeout(() => {
    document.addEventListener('visibilitychange', visible)
    visible()
  }, pause)
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', visible)
  }
}
