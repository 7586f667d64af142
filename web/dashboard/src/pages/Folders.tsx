import { Link } from 'wouter'
import { useSession } from '../core/session'
import { graphql } from '../gql'
import type { ContactFolderFilter, ContactFolderKind, FoldersQuery } from '../gql/graphql'
import { ListPage } from '../table/ListPage'
import type { Column } from '../table/Table'
import { useView } from '../table/view'
import { contactsPage } from './contactFilter'
import { changesOf, enumName, enumValues, ListFilters, sourceValues, values } from './listFilters'

const foldersQuery = graphql(`
  query Folders($first: Int, $after: String, $last: Int, $before: String, $filter: ContactFolderFilter) {
    contactFolders(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      nodes { id name kind externalId source { name } contacts(first: 0) { totalCount } }
      pageInfo { hasNextPage endCursor startCursor }
      completeness { complete missing { name } stale { name } asOf }
    }
  }
`)

type Folder = NonNullable<FoldersQuery['contactFolders']>['nodes'][number]

const inside = (id: string) => contactsPage({ folder: id })

const columns: Column<Folder>[] = [
  { id: 'name', title: 'Name', width: 240, csv: 'name', cell: ({ id, name }) => <Link href={inside(id)}>{name}</Link> },
  { id: 'source', title: 'Source', width: 150, csv: 'source.name', cell: ({ source }) => source.name },
  { id: 'kind', title: 'Kind', width: 110, csv: 'kind', cell: ({ kind }) => enumName(kind) },
  { id: 'contacts', title: 'Contacts', width: 110, cell: ({ contacts }) => contacts?.totalCount.toLocaleString('en') },
  { id: 'externalId', title: 'ID in the source', width: 170, csv: 'externalId', optional: true, cell: ({ externalId }) => externalId },
]

/** All contact folders. Each opens the contacts in it. */
export function Folders() {
  const view = useView()
  const { sources } = useSession()
  const filter: ContactFolderFilter = {
    search: view.one('search') || undefined,
    sources: values(view, 'source'),
    kinds: values<ContactFolderKind>(view, 'kind'),
  }
  return (
    <ListPage
      list={{
        title: 'Folders',
        noun: ['folder', 'folders'],
        query: foldersQuery,
        part: ({ contactFolders }: FoldersQuery) => contactFolders,
        columns,
        order: null,
        sorts: false,
        csv: 'contact-folders',
        concerns: changesOf('CONTACT_FOLDER', 'CONTACT'),
        href: ({ id }: Folder) => inside(id),
      }}
      view={view}
      filter={filter}
      filters={
        <ListFilters
          view={view}
          choices={[
            { name: 'source', title: 'Source', values: sourceValues(sources) },
            { name: 'kind', title: 'Kind', values: enumValues(['PRESET', 'CUSTOM']) },
          ]}
        />
      }
    />
  )
}
