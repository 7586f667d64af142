import { Link } from 'wouter'
import { useSession } from '../core/session'
import { graphql } from '../gql'
import type { AccessLevel, RoleFilter, RolesQuery } from '../gql/graphql'
import { Level } from '../parts/Level'
import { ListPage } from '../table/ListPage'
import type { Column } from '../table/Table'
import { useView } from '../table/view'
import { changesOf, enumValues, ListFilters, sourceValues, values } from './listFilters'
import { peoplePage } from './peopleFilter'

const rolesQuery = graphql(`
  query Roles($first: Int, $after: String, $last: Int, $before: String, $filter: RoleFilter) {
    roles(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      nodes {
        id
        name
        description
        accessLevel
        externalId
        source { name }
        holders(first: 0) { totalCount }
        everybody: holders(first: 0, includeInactive: true) { totalCount }
      }
      pageInfo { hasNextPage endCursor startCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

type Role = NonNullable<RolesQuery['roles']>['nodes'][number]

const holders = (id: string) => peoplePage({ role: id })

const columns: Column<Role>[] = [
  { id: 'name', title: 'Name', width: 220, csv: 'name', cell: ({ id, name }) => <Link href={holders(id)}>{name}</Link> },
  { id: 'source', title: 'Source', width: 140, csv: 'source.name', cell: ({ source }) => source.name },
  { id: 'level', title: 'Access', width: 110, csv: 'accessLevel', cell: ({ accessLevel }) => <Level level={accessLevel} /> },
  { id: 'holders', title: 'Holders', width: 100, cell: ({ holders }) => holders?.totalCount.toLocaleString('en') },
  { id: 'description', title: 'Description', width: 280, csv: 'description', cell: ({ description }) => <span title={description ?? ''}>{description}</span> },
  {
    id: 'everybody',
    title: 'With inactive',
    width: 130,
    optional: true,
    cell: ({ everybody }) => everybody?.totalCount.toLocaleString('en'),
  },
  { id: 'externalId', title: 'ID in the source', width: 170, csv: 'externalId', optional: true, cell: ({ externalId }) => externalId },
]

const levels: AccessLevel[] = ['OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'GUEST', 'READER', 'UNKNOWN', 'NONE']

/** All roles. Each opens the people who have it. */
export function Roles() {
  const view = useView()
  const { sources } = useSession()
  const filter: RoleFilter = { search: view.one('search') || undefined, sources: values(view, 'source'), accessLevels: values<AccessLevel>(view, 'level') }
  return (
    <ListPage
      list={{
        title: 'Roles',
        noun: ['role', 'roles'],
        query: rolesQuery,
        part: ({ roles }: RolesQuery) => roles,
        columns,
        order: null,
        sorts: false,
        csv: 'roles',
        concerns: changesOf('ROLE', 'USER'),
        href: ({ id }: Role) => holders(id),
      }}
      view={view}
      filter={filter}
      filters={
        <ListFilters
          view={view}
          choices={[
            { name: 'source', title: 'Source', values: sourceValues(sources) },
            { name: 'level', title: 'Access level', values: enumValues(levels) },
          ]}
        />
      }
    />
  )
}
