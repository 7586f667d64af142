import type { CombinedError } from '@urql/core'
import { adviceOf, messageOf, statusOf } from '../core/client'
import { asking } from '../core/credential'

/** Shows what the server says when it answers with an error, and what to do. */
export function Fault({ error, again }: { error: CombinedError; again(): void }) {
  const status = statusOf(error)
  return (
    <div className="notice severe" role="alert">
      <p>
        {messageOf(error)} {adviceOf(error)}
      </p>
      {(status === 401 || status === 403) && <button onClick={() => asking.set({ open: true, message: '' })}>Enter a credential</button>}
      <button onClick={again}>Try again</button>
    </div>
  )
}
