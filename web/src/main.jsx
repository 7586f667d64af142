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
import { openWith, storage } from './storage.js'

openWith(examples[0])

createRoot(document.getElementById('playground')).render(
  <GraphiQL fetcher={fetcher} storage={storage} defaultQuery="" defaultTabs={examples}>
    <GraphiQL.Logo>Roster</GraphiQL.Logo>
  </GraphiQL>,
)
