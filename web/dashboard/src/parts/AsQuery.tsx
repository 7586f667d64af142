import type { DocumentNode } from 'graphql'
import { playground } from '../core/paths'
import { text } from '../core/prefix'

/** Opens the query behind a view in the playground. */
export const AsQuery = ({ query, variables }: { query: DocumentNode; variables: object }) => (
  <a className="button" href={playground(text(query), variables)}>
    Show this as a query
  </a>
)
