import { useState } from 'react'
import { asking } from './credential.js'
import { problems } from './problems.js'
import { useValue } from './state.js'

/** Shows what the server says when it does not answer the page, and what to do. */
export function Problem({ again }) {
  const { start, schema } = useValue(problems)
  const [closed, setClosed] = useState(null)
  const problem = start ?? schema
  if (!problem || problem === closed) return null
  const { status, message, advice } = problem
  return (
    <section className={start ? 'roster-problem roster-severe' : 'roster-problem'} role={start ? 'alert' : 'status'}>
      <p>
        <strong>The page cannot read {start ? 'from the server' : 'the schema'}:</strong> <q>{message}</q> {advice}
        {!start && ' You can write and run queries, without completion and documentation.'}
      </p>
      {(status === 401 || status === 403) && (
        <button type="button" onClick={() => asking.set({ open: true, message: '' })}>
          Enter a credential
        </button>
      )}
      <button type="button" onClick={again}>
        Try again
      </button>
      <button type="button" onClick={() => setClosed(problem)} aria-label="Hide this message">
        ✕
      </button>
    </section>
  )
}
