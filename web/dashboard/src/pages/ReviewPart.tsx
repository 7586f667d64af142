import { type ReactNode, useEffect } from 'react'
import type { CombinedError } from '@urql/core'
import { Completeness } from '../parts/Completeness'
import { Fault } from '../parts/Fault'
import type { Part } from '../table/rows'

/** How many rows a part shows at first, and at most. A list of more is for a CSV file. */
export const few = 20
export const most = 1_000

interface Props {
  id: string
  title: string
  note: string
  actions: ReactNode
  /** Of one row and of several. */
  noun: [one: string, many: string]
  shown: number
  total: number | null
  error: CombinedError | null
  completeness: Part<unknown>['completeness'] | null
  onAll(): void
  reload(): void
  onCount(count: number): void
  /** The table. */
  children: ReactNode
}

/** One part of the access review: its heading, how many there are, what can be done with the list, and the list. */
export function ReviewPart({ id, title, note, actions, noun, shown, total, error, completeness, onAll, reload, onCount, children }: Props) {
  useEffect(() => {
    if (total !== null) onCount(total)
  }, [total])
  const text = total === null ? '' : `${total.toLocaleString('en')} ${noun[total === 1 ? 0 : 1]}`
  const reachable = Math.min(total ?? 0, most)
  const showAll = `Show ${reachable === total ? 'all' : reachable.toLocaleString('en')}`
  return (
    <section className="panel review-part" id={id} aria-labelledby={`${id}-title`}>
      <div className="list-head">
        <h2 id={`${id}-title`}>{title}</h2>
        <p className="count" role="status" data-total={total ?? ''}>
          {total === null ? (error ? '' : 'Loading …') : text}
        </p>
        <span className="space" />
        {actions}
      </div>
      <p className="note">{note}</p>
      {error && <Fault error={error} again={reload} />}
      {completeness && <Completeness {...completeness} />}
      {total === 0 && <p className="empty">None.</p>}
      {total !== null && total > 0 && (
        <div className="scroll" role="region" aria-label={title} tabIndex={0}>
          {children}
        </div>
      )}
      {total !== null && shown < total && (
        <p className="rest">
          {shown.toLocaleString('en')} of {text} are shown.{' '}
          {shown < reachable && (
            <button onClick={onAll} aria-label={`${showAll}: ${title}`}>
              {showAll}
            </button>
          )}
          {total > most && ' The CSV file has all.'}
        </p>
      )}
    </section>
  )
}
