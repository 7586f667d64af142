import { createRoot } from 'react-dom/client'
import '@graphiql/react/style.css'
import '@graphiql/plugin-doc-explorer/style.css'
import '@graphiql/plugin-history/style.css'
import 'graphiql/graphiql.css'
import './style.css'
import './workers.js'
import { Playground } from './playground.jsx'

createRoot(document.getElementById('playground')).render(<Playground />)
