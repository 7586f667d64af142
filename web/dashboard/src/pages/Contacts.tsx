import { useState } from 'react'
import { Link } from 'wouter'
import { useLiveQuery } from '../core/useLiveQuery'
import { graphql } from '../gql'
import type { ContactFilter, ContactsQuery } from '../gql/graphql'
import { Day } from '../parts/Ago'
import { ListPage } from '../table/ListPage'
import type { Column } from '../table/Table'
import { useView, type View } from '../table/view'
import { contactFilter } from './contactFilter'
import { manyValues, someValues } from '../table/FacetMenu'
import { changesOf, ListFilters } from './listFilters'
import { personPage } from './People'

const contactsQuery = graphql(`
  query Contacts($first: Int, $after: String, $last: Int, $before: String, $filter: ContactFilter, $orderBy: ContactOrder) {
    contacts(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      totalCount
      nodes {
        id
        name
        title
        email
        tags
        url
        createdAt
        updatedAt
        source { name }
        folder { name }
        owner { id name }
        user { id name }
      }
      pageInfo { hasNextPage endCursor startCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

// The counts beside a filter's values are those with all other filters.
const facetsQuery = graphql(`
  query ContactFacets($source: ContactFilter, $folder: ContactFilter, $tag: ContactFilter, $owner: ContactFilter, $most: Int!) {
    source: contacts(first: 0, filter: $source) { facets(by: SOURCE) { value label count } }
    folder: contacts(first: 0, filter: $folder) { facets(by: FOLDER, first: $most) { value label count } }
    tag: contacts(first: 0, filter: $tag) { facets(by: TAG, first: $most) { value label count } }
    owner: contacts(first: 0, filter: $owner) { facets(by: OWNER, first: $most) { value label count } }
  }
`)

const namesQuery = graphql(`
  query ContactFilterNames($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id ... on ContactFolder { name } ... on User { name } }
  }
`)

type Contact = NonNullable<ContactsQuery['contacts']>['nodes'][number]

const columns: Column<Contact>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 220,
    sort: 'NAME',
    csv: 'name',
    cell: ({ name, url }) => (url ? <a href={url} rel="noreferrer" target="_blank" title="Opens in the source">{name}</a> : name),
  },
  { id: 'title', title: 'Title', width: 170, csv: 'title', cell: ({ title }) => title },
  { id: 'email', title: 'E-mail', width: 240, sort: 'EMAIL', csv: 'email', cell: ({ email }) => <span title={email ?? ''}>{email}</span> },
  { id: 'folder', title: 'Folder', width: 150, csv: 'folder.name', cell: ({ folder }) => folder?.name },
  { id: 'tags', title: 'Tags', width: 160, csv: 'tags', cell: ({ tags }) => <span title={tags.join(', ')}>{tags.join(', ')}</span> },
  { id: 'owner', title: 'Owner', width: 170, csv: 'owner.name', cell: ({ owner }) => owner && <Link href={personPage(owner.id)}>{owner.name}</Link> },
  { id: 'source', title: 'Source', width: 120, csv: 'source.name', cell: ({ source }) => source.name },
  {
    id: 'user',
    title: 'In the company',
    width: 170,
    csv: 'user.name',
    optional: true,
    cell: ({ user }) => user && <Link href={personPage(user.id)}>{user.name}</Link>,
  },
  { id: 'created', title: 'Created', width: 120, sort: 'CREATED_AT', csv: 'createdAt', optional: true, cell: ({ createdAt }) => <Day at={createdAt} /> },
  { id: 'updated', title: 'Updated', width: 120, sort: 'UPDATED_AT', csv: 'updatedAt', optional: true, cell: ({ updatedAt }) => <Day at={updatedAt} /> },
]

const concerns = changesOf('CONTACT', 'CONTACT_FOLDER', 'USER')

/** The people outside the company whom sources keep in their address books. */
export function Contacts() {
  const view = useView()
  const filter = contactFilter(view)
  return (
    <ListPage
      list={{
        title: 'Contacts',
        noun: ['contact', 'contacts'],
        query: contactsQuery,
        part: ({ contacts }: ContactsQuery) => contacts,
        columns,
        order: { field: 'NAME', descending: false },
        sorts: true,
        csv: 'contacts',
        concerns,
      }}
      view={view}
      filter={filter}
      filters={<Filters view={view} filter={filter} />}
    />
  )
}

const facets = [
  ['source', 'Source', 'sources'],
  ['folder', 'Folder', 'folders'],
  ['tag', 'Tag', 'tags'],
  ['owner', 'Owner', 'owners'],
] as const

function Filters({ view, filter }: { view: View; filter: ContactFilter }) {
  const [most, setMost] = useState(someValues)
  const variables = { ...Object.fromEntries(facets.map(([name, , field]) => [name, { ...filter, [field]: undefined }])), most }
  const { data } = useLiveQuery(facetsQuery, variables, concerns)
  const ids = [...view.all('folder'), ...view.all('owner')].slice(0, 100)
  const chosen = useLiveQuery(namesQuery, { ids }, () => false)
  const named = new Map<string, string>()
  for (const node of chosen.data?.nodes ?? []) if (node && 'name' in node) named.set(node.id, node.name)
  return (
    <ListFilters
      view={view}
      most={most}
      onFind={() => setMost(manyValues)}
      choices={facets.map(([name, title]) => ({ name, title, values: data?.[name]?.facets ?? [], nameOf: (value) => named.get(value) ?? value }))}
    />
  )
}
