import type { ReactNode } from 'react'
import { Link, useSearchParams } from 'wouter'
import type { Batch } from '../core/live'
import { useSession } from '../core/session'
import { useLiveQuery } from '../core/useLiveQuery'
import { graphql } from '../gql'
import type { PersonAccountFragment, PersonQuery } from '../gql/graphql'
import { Ago, Day } from '../parts/Ago'
import { AsQuery } from '../parts/AsQuery'
import { Completeness } from '../parts/Completeness'
import { Fault } from '../parts/Fault'
import { Level } from '../parts/Level'
import { peoplePage } from './peopleFilter'
import { personPage } from './People'
import { usePresence } from './presence'

const personQuery = graphql(`
  query Person($id: ID!, $sensitive: Boolean!) {
    user(by: { id: $id }) {
      id
      name
      firstName
      lastName
      title
      department
      email
      emails { address trust sources { name } }
      phones @include(if: $sensitive) { raw kind }
      addresses @include(if: $sensitive)
      locale
      active
      bot
      createdAt
      accessLevel
      asOf
      teams { id name source { name } }
      roleGrants { active role { id name } account { id source { name } } }
      accounts { ...PersonAccount }
      possibleDuplicates { id name email accounts { id active source { id name } } }
      completeness { missing { name } stale { name } asOf }
    }
  }
  fragment PersonAccount on Account {
    __typename
    id
    externalId
    name
    username
    email
    emailTrust
    active
    accessLevel
    url
    source { id name kindName }
    roles { id name }
    teams { id name }
    ... on DirectoryAccount { title department locale phones @include(if: $sensitive) { raw } createdAt }
    ... on WorksectionAccount { title department phones @include(if: $sensitive) { raw } createdAt: addedAt }
    ... on KommoAccount { locale phones @include(if: $sensitive) { raw } }
    ... on AltcraftAccount { locale phones @include(if: $sensitive) { raw } }
  }
`)

type User = NonNullable<PersonQuery['user']>

/** One person: what Roster says, and the accounts behind it side by side. */
export function Person() {
  const [params] = useSearchParams()
  const id = params.get('id') ?? ''
  return <PersonOf key={id} id={id} />
}

function PersonOf({ id }: { id: string }) {
  const sensitive = useSession().can('directory:sensitive')
  const concerns = ({ changes, all }: Batch): boolean =>
    all || changes.some((change) => change.kind !== 'USER' || change.id === id || change.relatedId === id || user?.id === change.id)
  const { data, error, refetch } = useLiveQuery(personQuery, { id, sensitive }, concerns)
  const user = data?.user
  return (
    <div className="person">
      {error && <Fault error={error} again={refetch} />}
      {data && !user && (
        <>
          <h1>There is no such person.</h1>
          <p>
            The person may have been removed. <Link href="/people">All people</Link>
          </p>
        </>
      )}
      {!data && !error && <p role="status">Loading …</p>}
      {user && <Details user={user} id={id} sensitive={sensitive} />}
    </div>
  )
}

// An address from a source must not add other parts to the link, such as further receivers.
const mailto = (address: string) => `mailto:${address.split('@').map(encodeURIComponent).join('@')}`

const trusts = { VERIFIED: 'verified by the source', ASSERTED: 'entered by an administrator', NONE: 'nobody vouches for it' } as const

function Details({ user, id, sensitive }: { user: User; id: string; sensitive: boolean }) {
  const presence = usePresence([user.id])[user.id]
  return (
    <>
      <div className="list-head">
        <h1>{user.name}</h1>
        <Level level={user.accessLevel} />
        {user.bot && <span className="tag">bot</span>}
        {!user.active && <span className="tag off">inactive</span>}
        {presence && (
          <span>
            <span className={`presence ${presence.toLowerCase()}`} />
            {presence.toLowerCase()}
          </span>
        )}
        <span className="space" />
        <AsQuery query={personQuery} variables={{ id, sensitive }} />
      </div>
      <p className="lead">{[user.title, user.department].filter(Boolean).join(', ')}</p>
      <Completeness {...user.completeness} />

      <div className="panels">
        <section className="panel" aria-labelledby="contact-title">
          <h2 id="contact-title">Contact</h2>
          <ul className="plain">
            {user.emails.map(({ address, trust, sources }) => (
              <li key={address}>
                <a href={mailto(address)}>{address}</a>
                <span className="note block">
                  {sources.map(({ name }) => name).join(', ')}; {trusts[trust]}
                </span>
              </li>
            ))}
            {user.emails.length === 0 && <li className="note">No address.</li>}
            {user.phones?.map(({ raw, kind }) => (
              <li key={raw + kind}>
                {raw} <span className="note">{kind.toLowerCase()}</span>
              </li>
            ))}
            {user.addresses?.map((address) => (
              <li key={address}>{address}</li>
            ))}
            {!sensitive && <li className="note">Phone numbers need the scope directory:sensitive.</li>}
          </ul>
        </section>
        <section className="panel" aria-labelledby="teams-title">
          <h2 id="teams-title">Teams</h2>
          <ul className="plain">
            {user.teams.map(({ id, name, source }) => (
              <li key={id}>
                <Link href={peoplePage({ team: id })}>{name}</Link> <span className="note">{source.name}</span>
              </li>
            ))}
            {user.teams.length === 0 && <li className="note">None.</li>}
          </ul>
        </section>
        <section className="panel" aria-labelledby="roles-title">
          <h2 id="roles-title">Roles</h2>
          <ul className="plain">
            {user.roleGrants.map(({ role, account, active }) => (
              <li key={role.id + account.id}>
                <Link href={peoplePage({ role: role.id })}>{role.name}</Link> <span className="note">{account.source.name}</span>
                {!active && <span className="tag off">no effect: the account is inactive</span>}
              </li>
            ))}
            {user.roleGrants.length === 0 && <li className="note">None.</li>}
          </ul>
        </section>
      </div>

      <section aria-labelledby="accounts-title">
        <h2 id="accounts-title">Accounts</h2>
        <p className="note">
          Accounts are one person because they have an address that their sources vouch for, or because the operator has linked them. The value that
          the person has is marked in each account that has it.
        </p>
        <Accounts user={user} />
        {user.asOf && (
          <p className="note">
            The oldest of this data was fetched <Ago at={user.asOf} />.
          </p>
        )}
      </section>

      {user.possibleDuplicates.length > 0 && (
        <section aria-labelledby="duplicates-title">
          <h2 id="duplicates-title">Possible duplicates</h2>
          <p className="note">They have one of the same addresses, but a source on either side does not vouch for it.</p>
          <ul className="plain">
            {user.possibleDuplicates.map(({ id, name, email, accounts }) => (
              <li key={id}>
                <Link href={personPage(id)}>{name}</Link> <span className="note">{[email, ...accounts.map(({ source }) => source.name)].filter(Boolean).join(', ')}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

interface Line {
  title: string
  value(account: PersonAccountFragment): ReactNode
  /** The same value as text, to compare it with what the person has. */
  text?(account: PersonAccountFragment): string | null | undefined
  chosen?: string | null
}

const list = (values: { name: string }[] | null | undefined) => (values === null || values === undefined ? null : values.map(({ name }) => name).join(', '))

const extra = <K extends string>(account: object, name: K): string | null => {
  const value = (account as Record<string, unknown>)[name]
  return value === null || value === undefined ? null : String(value)
}

/** The lines of the comparison. Those that no account has a value for are left out. */
const lines = (user: User): Line[] => [
  { title: 'Name', value: ({ name }) => name, text: ({ name }) => name, chosen: user.name },
  { title: 'Title', value: (account) => extra(account, 'title'), text: (account) => extra(account, 'title'), chosen: user.title },
  { title: 'Department', value: (account) => extra(account, 'department'), text: (account) => extra(account, 'department'), chosen: user.department },
  {
    title: 'E-mail',
    value: ({ email, emailTrust }) =>
      email && (
        <>
          {email} <span className="note block">{emailTrust ? trusts[emailTrust] : ''}</span>
        </>
      ),
    text: ({ email, emailTrust }) => (emailTrust === 'NONE' ? null : email),
    chosen: user.email,
  },
  { title: 'User name', value: ({ username }) => username },
  { title: 'Status', value: ({ active }) => (active ? 'active' : <span className="tag off">inactive</span>) },
  { title: 'Access', value: ({ accessLevel }) => <Level level={accessLevel} /> },
  { title: 'Roles', value: ({ roles }) => list(roles) },
  { title: 'Teams', value: ({ teams }) => list(teams) },
  { title: 'Language', value: (account) => extra(account, 'locale'), text: (account) => extra(account, 'locale'), chosen: user.locale },
  { title: 'Phone', value: (account) => ('phones' in account ? account.phones?.map(({ raw }) => raw).join(', ') : null) },
  { title: 'Since', value: (account) => ('createdAt' in account && account.createdAt ? <Day at={account.createdAt} /> : null) },
  { title: 'ID in the source', value: ({ externalId }) => <code>{externalId}</code> },
]

/** The accounts side by side. */
function Accounts({ user }: { user: User }) {
  const { accounts } = user
  const shown = lines(user).filter(({ value }) => accounts.some((account) => Boolean(value(account))))
  return (
    <div className="scroll" tabIndex={0} role="region" aria-labelledby="accounts-title">
      <table className="compare">
        <thead>
          <tr>
            <td />
            {accounts.map(({ id, url, source }) => (
              <th key={id} scope="col">
                {url ? (
                  <a href={url} rel="noreferrer" target="_blank">
                    {source.name} ↗
                  </a>
                ) : (
                  source.name
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ title, value, text, chosen }) => {
            const has = (account: PersonAccountFragment) => Boolean(text && chosen && text(account) === chosen)
            return (
              <tr key={title}>
                <th scope="row">{title}</th>
                {accounts.map((account) => (
                  <td key={account.id} className={has(account) ? 'chosen' : undefined}>
                    {value(account)}
                    {has(account) && <span className="hidden"> (the person has this value)</span>}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
