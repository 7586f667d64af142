import { useState } from 'react'
import { useSession } from '../core/session'
import { graphql } from '../gql'
import { AsQuery } from '../parts/AsQuery'
import { useView } from '../table/view'
import { ReviewPeople } from './ReviewPeople'
import { ReviewRoles } from './ReviewRoles'
import { reviewsOf } from './reviews'

// The counts alone, for "Show this as a query". Each part has the query for its people, also those for each source.
const reviewQuery = graphql(`
  query Review {
    administrators: users(first: 0, filter: { accounts: [{ active: true, accessLevels: [ADMIN, OWNER], min: 2 }] }) { totalCount }
    oneAccount: users(first: 0, filter: { active: true, bot: false, maxAccounts: 1 }) { totalCount }
    unverified: users(first: 0, filter: { active: true, bot: false, hasEmail: false }) { totalCount }
    duplicates: users(first: 0, filter: { hasPossibleDuplicates: true }) { totalCount }
    roles(first: 0) { totalCount }
  }
`)

const now = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'short' })

/** What somebody should look at who checks the access of people: each part is a list of people with a reason. It can be printed. */
export function Review() {
  const view = useView()
  const { viewer, sources } = useSession()
  const [counts, setCounts] = useState<Record<string, number>>({})
  const reviews = reviewsOf(sources)
  const parts = [...reviews.map(({ id, title }) => ({ id, title })), { id: 'roles', title: 'Roles and their holders' }]
  const whole = view.all('all')
  const onCount = (id: string) => (count: number) => setCounts((before) => (before[id] === count ? before : { ...before, [id]: count }))
  return (
    <div className="review">
      <div className="list-head">
        <h1>Access review</h1>
        <span className="space" />
        <button onClick={() => view.set({ all: whole.length === parts.length ? [] : parts.map(({ id }) => id) })}>
          {whole.length === parts.length ? 'Show fewer rows' : 'Show all rows'}
        </button>
        <button onClick={() => window.print()}>Print</button>
        <AsQuery query={reviewQuery} variables={{}} />
      </div>
      <p className="print-only">
        {now.format(new Date())}
        {viewer.subject && `, as ${viewer.subject} sees it`}. Sources: {sources.map(({ name }) => name).join(', ')}.
      </p>
      <nav aria-label="Parts of the review">
        <ul className="contents">
          {parts.map(({ id, title }) => (
            <li key={id}>
              <a href={`#${id}`}>{title}</a> <span className="note">{counts[id]?.toLocaleString('en')}</span>
            </li>
          ))}
        </ul>
      </nav>
      {!sources.some(({ authority }) => authority) && (
        <p className="note no-print" data-notice="authority">
          To see who has left and still has active accounts, name the source that decides who works here with <code>identity.authority</code> in the configuration.
        </p>
      )}
      {reviews.map((review) => (
        <ReviewPeople
          key={review.id}
          review={review}
          all={whole.includes(review.id)}
          onAll={() => view.set({ all: [...whole, review.id] })}
          onCount={onCount(review.id)}
        />
      ))}
      <ReviewRoles all={whole.includes('roles')} onAll={() => view.set({ all: [...whole, 'roles'] })} onCount={onCount('roles')} />
    </div>
  )
}
