import { useEffect } from 'react'
import { Link } from 'wouter'
import { ask } from '../core/client'
import { graphql } from '../gql'
import type { ReviewPeopleQuery } from '../gql/graphql'
import { Ago } from '../parts/Ago'
import { AsQuery } from '../parts/AsQuery'
import { Download } from '../parts/Download'
import { levelName } from '../parts/Level'
import { useRows } from '../table/rows'
import { changesOf } from './listFilters'
import { personPage } from './People'
import { few, most, ReviewPart } from './ReviewPart'
import type { PeopleReview } from './reviews'

const reviewPeopleQuery = graphql(`
  query ReviewPeople($first: Int!, $after: String, $filter: UserFilter, $leavers: Boolean!) {
    users(first: $first, after: $after, filter: $filter) {
      totalCount
      nodes {
        id
        name
        department
        emails { address trust }
        accounts { id active accessLevel source { name } roles @include(if: $leavers) { name } }
        leaver @include(if: $leavers) { since externalId account { id } }
      }
      pageInfo { hasNextPage endCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

type Person = NonNullable<ReviewPeopleQuery['users']>['nodes'][number]

const csvColumns = ['name', 'department', 'active', 'accounts.source.name', 'accounts.active', 'accounts.accessLevel', 'emails.address', 'emails.trust']

const leaverColumns = ['leaver.since', 'leaver.externalId', 'accounts.roles.name']

const concerns = changesOf('USER')

interface Props {
  review: PeopleReview
  /** Whether all rows are shown. */
  all: boolean
  onAll(): void
  onCount(count: number): void
}

/** A part of the access review with people. */
export function ReviewPeople({ review: { id, title, note, filter, href, leavers = false }, all, onAll, onCount }: Props) {
  const { rows, total, completeness, error, want, reload } = useRows<Person>(
    id,
    async (page) => {
      const { data, error } = await ask(reviewPeopleQuery, { first: few, ...page, filter, leavers })
      return { part: data?.users ?? null, error: error ?? null }
    },
    concerns,
  )
  const limit = all ? most : few
  useEffect(() => want(0, limit - 1), [limit, rows])
  const shown = rows.slice(0, limit).filter((row) => row !== undefined)
  return (
    <ReviewPart
      {...{ id, title, note, total, error, completeness, onAll, reload, onCount }}
      noun={['person', 'people']}
      shown={shown.length}
      actions={
        <>
          {total !== 0 && (
            <Link href={href} className="button">
              Open in People
            </Link>
          )}
          <Download list="people" params={{ filter, columns: leavers ? [...csvColumns, ...leaverColumns] : csvColumns }} />
          <AsQuery query={reviewPeopleQuery} variables={{ filter, leavers, first: 50 }} />
        </>
      }
    >
      <table className="compare">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Department</th>
            {leavers && <th scope="col">Gone</th>}
            <th scope="col">Accounts</th>
            <th scope="col">Addresses</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((person) => (
            <tr key={person.id} data-person={person.id}>
              <td>
                <Link href={personPage(person.id)}>{person.name}</Link>
              </td>
              <td>{person.department}</td>
              {leavers && <td>{person.leaver && <Gone leaver={person.leaver} />}</td>}
              <td>
                <Accounts accounts={person.accounts} />
              </td>
              <td>
                {person.emails.map(({ address, trust }) => (
                  <span key={address} className="block">
                    {address}
                    {trust === 'NONE' && <span className="tag off">not verified</span>}
                  </span>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ReviewPart>
  )
}

const Gone = ({ leaver: { since, account } }: { leaver: NonNullable<Person['leaver']> }) => (
  <>
    {account ? 'inactive' : 'removed'}
    <span className="note block">{since ? <>seen <Ago at={since} /></> : 'it is not known since when'}</span>
  </>
)

const Accounts = ({ accounts }: { accounts: Person['accounts'] }) => (
  <>
    {accounts.map(({ id, active, accessLevel, source, roles }) => (
      <span key={id} className={active ? 'block' : 'block inactive'}>
        {source.name}: {active ? levelName(accessLevel).toLowerCase() : 'inactive'}
        {active && roles && roles.length > 0 && <span className="note"> {roles.map(({ name }) => name).join(', ')}</span>}
      </span>
    ))}
  </>
)
