import { useCallback, useMemo, useState } from 'react'
import { Link } from 'wouter'
import { graphql } from '../gql'
import type { PeopleQuery } from '../gql/graphql'
import { useSession } from '../core/session'
import { Day } from '../parts/Ago'
import { Level } from '../parts/Level'
import { Sources } from '../parts/Sources'
import { type List, ListPage, type Variables } from '../table/ListPage'
import type { Column } from '../table/Table'
import { useView } from '../table/view'
import { changesOf } from './listFilters'
import { peopleFilter } from './peopleFilter'
import { PeopleFilters } from './PeopleFilters'
import { Invite } from './Invite'
import { type Presences, usePresence } from './presence'

const peopleQuery = graphql(`
  query People($first: Int, $after: String, $last: Int, $before: String, $filter: UserFilter, $orderBy: UserOrder) {
    users(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      totalCount
      nodes {
        id
        name
        title
        department
        email
        active
        bot
        accessLevel
        createdAt
        teams { id name }
        roles { id name }
        accounts { id active source { id name } }
      }
      pageInfo { hasNextPage endCursor startCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

export type Person = NonNullable<PeopleQuery['users']>['nodes'][number]

export const personPage = (id: string) => `/person?${new URLSearchParams({ id })}`

const names = (values: { name: string }[]) => {
  const text = [...new Set(values.map(({ name }) => name))].join(', ')
  return <span title={text}>{text}</span>
}

export const peopleColumns: Column<Person>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 220,
    sort: 'NAME',
    csv: 'name',
    cell: ({ id, name, active, bot }) => (
      <>
        <Link href={personPage(id)}>{name}</Link>
        {bot && <span className="tag">bot</span>}
        {!active && <span className="tag off">inactive</span>}
      </>
    ),
  },
  { id: 'title', title: 'Title', width: 180, sort: 'TITLE', csv: 'title', cell: ({ title }) => title },
  { id: 'department', title: 'Department', width: 130, sort: 'DEPARTMENT', csv: 'department', cell: ({ department }) => department },
  { id: 'email', title: 'E-mail', width: 240, sort: 'EMAIL', csv: 'email', cell: ({ email }) => email },
  { id: 'level', title: 'Access', width: 100, sort: 'ACCESS_LEVEL', csv: 'accessLevel', cell: ({ accessLevel }) => <Level level={accessLevel} /> },
  {
    id: 'accounts',
    title: 'Accounts',
    width: 230,
    sort: 'ACCOUNTS',
    csv: 'accounts.source.name',
    cell: ({ accounts }) => <Sources accounts={accounts} />,
  },
  { id: 'teams', title: 'Teams', width: 220, csv: 'teams.name', optional: true, cell: ({ teams }) => names(teams) },
  { id: 'roles', title: 'Roles', width: 180, csv: 'roles.name', optional: true, cell: ({ roles }) => names(roles) },
  { id: 'created', title: 'Since', width: 120, sort: 'CREATED_AT', csv: 'createdAt', optional: true, cell: ({ createdAt }) => <Day at={createdAt} /> },
]

const concerns = changesOf('USER', 'TEAM', 'ROLE')

/** Presence is beside the name: asked for the people in view only, because it costs calls to the sources. */
const withPresence = (presences: Presences): Column<Person>[] =>
  peopleColumns.map((column) =>
    column.id === 'name'
      ? {
          ...column,
          cell: (person) => (
            <>
              <span className={`presence ${presences[person.id]?.toLowerCase() ?? ''}`} title={presences[person.id]?.toLowerCase()}>
                {presences[person.id] && <span className="hidden">{presences[person.id]?.toLowerCase()}</span>}
              </span>
              {column.cell(person)}
            </>
          ),
        }
      : column,
  )

/** All people, with search, filters, order and columns. */
export function People() {
  const view = useView()
  const { can, sources } = useSession()
  const filter = peopleFilter(view.params)
  const hasPresence = sources.some(({ capabilities }) => capabilities.includes('PRESENCE'))
  const [ids, setIds] = useState<string[]>([])
  const presences = usePresence(hasPresence ? ids : [])
  const onRows = useCallback((rows: Person[]) => setIds(rows.map(({ id }) => id)), [])
  const columns = useMemo(() => withPresence(presences), [presences])
  const list: List<Person, PeopleQuery, Variables> = {
    title: 'People',
    noun: ['person', 'people'],
    query: peopleQuery as never,
    part: ({ users }) => users,
    columns,
    order: { field: 'NAME', descending: false },
    sorts: true,
    csv: 'people',
    concerns,
    href: ({ id }) => personPage(id),
  }
  const inviting = can('directory:write') ? sources.filter(({ capabilities }) => capabilities.includes('INVITE_USER')) : []
  return (
    <ListPage
      list={list}
      view={view}
      filter={filter}
      filters={<PeopleFilters view={view} filter={filter} />}
      actions={inviting.length > 0 && <Invite sources={inviting.map(({ name }) => name)} />}
      onRows={onRows}
    />
  )
}
