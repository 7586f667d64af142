import { GraphiQL } from 'graphiql'
import { createRoot } from 'react-dom/client'
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import '@graphiql/plugin-history/style.css'
import 'graphiql/graphiql.css'
import './style.css'
import './workers.js'
import { examples } from './examples.js'
import { fetcher } from './fetcher.js'
import { isFirstVisit, storage } from './storage.js'

// GraphiQL takes the first tab's variables from here and not from defaultTabs. Later visits bring back what the visitor left.
const first = isFirstVisit() ? { initialQuery: examples[0].query, initialVariables: examples[0].variables } : {}

createRoot(document.getElementById('playground')).render(
  <GraphiQL fetcher={fetcher} storage={storage} defaultQuery="" defaultTabs={examples} {...first}>
    <GraphiQL.Logo>Roster</GraphiQL.Logo>
  </GraphiQL>,
)
