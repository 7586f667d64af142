import { GraphiQL } from 'graphiql'
import { useCallback, useEffect, useState } from 'react'
import { CredentialButton, CredentialDialog } from './credential.jsx'
import { FirstAnswer, Schema, SystemTheme } from './editors.jsx'
import { Problem } from './problem.jsx'
import { fetcher } from './server.js'
import { start } from './start.js'

/** The page. It begins anew when the visitor changes the credential, or asks for another try. */
export function Playground() {
  const [attempt, setAttempt] = useState(1)
  const [open, setOpen] = useState(null)
  const again = useCallback(() => setAttempt((n) => n + 1), [])

  useEffect(() => {
    let current = true
    start(open?.editors).then((editors) => current && setOpen({ editors, attempt }))
    return () => {
      current = false
    }
  }, [attempt]) // not open, which this sets

  return (
    <>
      <Problem again={again} />
      {open ? (
        // Other editors are another GraphiQL: it takes its tabs when it is made, and at no other time.
        <GraphiQL key={open.editors.id} fetcher={fetcher} storage={open.editors.storage} defaultQuery="" defaultTabs={open.editors.tabs}>
          <GraphiQL.Logo>
            <CredentialButton />
            <a className="roster-name" href="./" title="The dashboard">
              Roster
            </a>
          </GraphiQL.Logo>
          <FirstAnswer query={open.editors.first} />
          <Schema attempt={open.attempt} />
          <SystemTheme />
        </GraphiQL>
      ) : (
        <p className="roster-loading" role="status">
          Loading …
        </p>
      )}
      <CredentialDialog changed={again} />
    </>
  )
}
