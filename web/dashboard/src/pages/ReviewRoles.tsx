import { useEffect } from 'react'
import { Link } from 'wouter'
import { ask } from '../core/client'
import { graphql } from '../gql'
import type { ReviewRolesQuery } from '../gql/graphql'
import { AsQuery } from '../parts/AsQuery'
import { Download } from '../parts/Download'
import { Level } from '../parts/Level'
import { useRows } from '../table/rows'
import { changesOf } from './listFilters'
import { peoplePage } from './peopleFilter'
import { personPage } from './People'
import { few, most, ReviewPart } from './ReviewPart'

const reviewRolesQuery = graphql(`
  query ReviewRoles($first: Int!, $after: String, $holders: Int!) {
    roles(first: $first, after: $after) {
      totalCount
      nodes {
        id
        name
        accessLevel
        source { name }
        holders(first: $holders) { totalCount nodes { id name } }
      }
      pageInfo { hasNextPage endCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

type Role = NonNullable<ReviewRolesQuery['roles']>['nodes'][number]

/** How many holders of a role are named, at first and with all rows. */
const someHolders = 10
const manyHolders = 200

const csvColumns = ['name', 'email', 'active', 'roleGrants.role.name', 'roleGrants.account.source.name', 'roleGrants.active']

const concerns = changesOf('ROLE', 'USER')

interface Props {
  all: boolean
  onAll(): void
  onCount(count: number): void
}

/** The part of the access review with the roles, and who has each. */
export function ReviewRoles({ all, onAll, onCount }: Props) {
  const holders = all ? manyHolders : someHolders
  const { rows, total, completeness, error, want, reload } = useRows<Role>(
    String(holders),
    async ({ first = few, after }) => {
      // In smaller steps, because each role comes with its holders.
      const { data, error } = await ask(reviewRolesQuery, { first: Math.min(first, 50), after, holders })
      return { part: data?.roles ?? null, error: error ?? null }
    },
    concerns,
  )
  const limit = all ? most : few
  useEffect(() => want(0, limit - 1), [limit, rows])
  const shown = rows.slice(0, limit).filter((row) => row !== undefined)
  return (
    <ReviewPart
      id="roles"
      title="Roles and their holders"
      note="Who has which role by an active account. The CSV file has each person with all roles, also those of inactive accounts."
      noun={['role', 'roles']}
      shown={shown.length}
      {...{ total, error, completeness, onAll, reload, onCount }}
      actions={
        <>
          <Link href="/roles" className="button">
            Open in Roles
          </Link>
          <Download list="people" params={{ columns: csvColumns }} />
          <AsQuery query={reviewRolesQuery} variables={{ first: 50, holders }} />
        </>
      }
    >
      <table className="compare">
        <thead>
          <tr>
            <th scope="col">Role</th>
            <th scope="col">Source</th>
            <th scope="col">Access</th>
            <th scope="col">Number</th>
            <th scope="col">Holders</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ id, name, source, accessLevel, holders }) => (
            <tr key={id} data-role={id}>
              <td>{name}</td>
              <td>{source.name}</td>
              <td>
                <Level level={accessLevel} />
              </td>
              <td>{holders?.totalCount.toLocaleString('en')}</td>
              <td className="holders">{holders && <Holders role={id} holders={holders} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ReviewPart>
  )
}

function Holders({ role, holders: { totalCount, nodes } }: { role: string; holders: NonNullable<Role['holders']> }) {
  const rest = totalCount - nodes.length
  return (
    <>
      {nodes.map(({ id, name }, i) => (
        <span key={id}>
          {i > 0 && ', '}
          <Link href={personPage(id)}>{name}</Link>
        </span>
      ))}
      {rest > 0 && (
        <>
          {' '}
          and <Link href={peoplePage({ role })}>{rest.toLocaleString('en')} more</Link>
        </>
      )}
    </>
  )
}
