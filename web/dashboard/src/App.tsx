import type { CombinedError } from '@urql/core'
import { useEffect, useRef, useState } from 'react'
import { Link, Route, Router, Switch, useLocation } from 'wouter'
import { ask } from './core/client'
import { asking, credential } from './core/credential'
import { connection, follow, useChanges } from './core/live'
import { base } from './core/paths'
import { type Session, SessionContext, sessionOf, sessionQuery } from './core/session'
import { useShared } from './core/state'
import { choose, type Theme, theme } from './core/theme'
import { Boundary } from './parts/Boundary'
import { CredentialDialog } from './parts/CredentialDialog'
import { Fault } from './parts/Fault'
import { pages } from './pages'

/** The page: a head with the navigation, and what the address names. It begins anew when the visitor changes the credential. */
export function App() {
  const key = useShared(credential)
  return (
    <Router base={base}>
      <Content key={key} />
      <CredentialDialog />
    </Router>
  )
}

function Content() {
  const [session, setSession] = useState<Session | null>(null)
  const [error, setError] = useState<CombinedError | null>(null)
  const [attempt, setAttempt] = useState(0)

  useEffect(() => {
    let current = true
    let stop: (() => void) | undefined
    void ask(sessionQuery, {}).then(({ data, error }) => {
      if (!current) return
      setError(data ? null : (error ?? null))
      if (!data) return
      setSession(sessionOf(data))
      stop = follow(data.changeCursor)
    })
    return () => {
      current = false
      stop?.()
    }
  }, [attempt])

  // A source can come or go, with another configuration.
  useChanges(({ changes, all }) => {
    if (!all && !changes.some(({ kind }) => kind === 'SOURCE')) return
    void ask(sessionQuery, {}).then(({ data }) => data && setSession(sessionOf(data)))
  })

  return (
    <SessionContext value={session}>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Head session={session} />
      <main id="content" tabIndex={-1}>
        {error && <Fault error={error} again={() => setAttempt((n) => n + 1)} />}
        {!session && !error && <p role="status">Loading …</p>}
        {session && <Pages />}
      </main>
    </SessionContext>
  )
}

function Pages() {
  const [path] = useLocation()
  const found = pages.find((page) => page.path === path)
  const before = useRef(path)
  useEffect(() => {
    if (before.current === path) return
    before.current = path
    // Another page begins at its top, and a screen reader says so.
    const main = document.getElementById('content')
    main?.scrollTo(0, 0)
    main?.focus({ preventScroll: true })
  }, [path])
  useEffect(() => {
    document.title = found && path !== '/' ? `${found.title} · Roster` : 'Roster'
  }, [found, path])
  return (
    <Switch>
      {pages.map(({ path, Page }) => (
        <Route key={path} path={path}>
          <Boundary key={path}>
            <Page />
          </Boundary>
        </Route>
      ))}
      <Route>
        <h1>There is no such page.</h1>
      </Route>
    </Switch>
  )
}

const words = {
  connecting: ['Connecting', 'The page connects to the server.'],
  live: ['Live', 'Changes are shown as soon as the server knows of them.'],
  off: ['Not live', 'The connection to the server is interrupted. The page tries again by itself.'],
} as const

function Head({ session }: { session: Session | null }) {
  const state = useShared(connection)
  const key = useShared(credential)
  const colours = useShared(theme)
  const [word, meaning] = words[state]
  const [path] = useLocation()
  return (
    <header className="head">
      <Link href="/" className="brand">
        Roster
      </Link>
      <nav aria-label="Pages">
        {pages
          .filter(({ inMenu }) => inMenu)
          .map((page) => (
            <Link key={page.path} href={page.path} aria-current={page.path === path ? 'page' : undefined}>
              {page.title}
            </Link>
          ))}
        <a href={`${base}/playground`}>Playground</a>
      </nav>
      <div className="head-end">
        {session && (
          <span className={`connection ${state}`} title={meaning} role="status">
            {word}
          </span>
        )}
        <button
          className="viewer"
          aria-haspopup="dialog"
          title={session ? `Scopes: ${session.viewer.scopes.join(', ') || 'none'}` : undefined}
          onClick={() => asking.set({ open: true, message: '' })}
        >
          {session?.viewer.subject ?? (key === '' ? 'Credential' : 'Credential set')}
        </button>
        <select className="theme" aria-label="Colours" value={colours} onChange={(event) => choose(event.target.value as Theme)}>
          <option value="system">System</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </div>
    </header>
  )
}
