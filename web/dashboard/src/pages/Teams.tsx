import { Link } from 'wouter'
import { useSession } from '../core/session'
import { graphql } from '../gql'
import type { TeamFilter, TeamKind, TeamsQuery } from '../gql/graphql'
import { ListPage } from '../table/ListPage'
import type { Column } from '../table/Table'
import { useView } from '../table/view'
import { changesOf, enumName, enumValues, ListFilters, sourceValues, values } from './listFilters'
import { peoplePage } from './peopleFilter'

const teamsQuery = graphql(`
  query Teams($first: Int, $after: String, $last: Int, $before: String, $filter: TeamFilter) {
    teams(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      nodes { id name kind externalId source { name } members(first: 0) { totalCount } }
      pageInfo { hasNextPage endCursor startCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

type Team = NonNullable<TeamsQuery['teams']>['nodes'][number]

const members = (id: string) => peoplePage({ team: id })

const columns: Column<Team>[] = [
  { id: 'name', title: 'Name', width: 240, csv: 'name', cell: ({ id, name }) => <Link href={members(id)}>{name}</Link> },
  { id: 'source', title: 'Source', width: 150, csv: 'source.name', cell: ({ source }) => source.name },
  { id: 'kind', title: 'Kind', width: 110, csv: 'kind', cell: ({ kind }) => enumName(kind) },
  { id: 'members', title: 'Members', width: 110, cell: ({ members }) => members?.totalCount.toLocaleString('en') },
  { id: 'externalId', title: 'ID in the source', width: 170, csv: 'externalId', optional: true, cell: ({ externalId }) => externalId },
]

/** All teams. Each opens the people in it. */
export function Teams() {
  const view = useView()
  const { sources } = useSession()
  const filter: TeamFilter = { search: view.one('search') || undefined, sources: values(view, 'source'), kinds: values<TeamKind>(view, 'kind') }
  return (
    <ListPage
      list={{
        title: 'Teams',
        noun: ['team', 'teams'],
        query: teamsQuery,
        part: ({ teams }: TeamsQuery) => teams,
        columns,
        order: null,
        sorts: false,
        csv: 'teams',
        concerns: changesOf('TEAM', 'USER'),
        href: ({ id }: Team) => members(id),
      }}
      view={view}
      filter={filter}
      filters={
        <ListFilters
          view={view}
          choices={[
            { name: 'source', title: 'Source', values: sourceValues(sources) },
            { name: 'kind', title: 'Kind', values: enumValues(['COMPANY', 'CLIENT', 'GROUP']) },
          ]}
        />
      }
    />
  )
}
