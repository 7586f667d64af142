import type { ContactFilter } from '../gql/graphql'
import type { View } from '../table/view'
import { values } from './listFilters'

/** The filter of the graph that the parameters of an address mean. */
export const contactFilter = (view: View): ContactFilter => ({
  search: view.one('search') || undefined,
  sources: values(view, 'source'),
  folders: values(view, 'folder'),
  tags: values(view, 'tag'),
  owners: values(view, 'owner'),
})

/** The address of the table with the contacts that parameters select. */
export const contactsPage = (params: Record<string, string>) => `/contacts?${new URLSearchParams(params)}`
