import { Link, useSearchParams } from 'wouter'
import type { Batch } from '../core/live'
import { useSession } from '../core/session'
import { useLiveQuery } from '../core/useLiveQuery'
import { graphql } from '../gql'
import type { PersonQuery } from '../gql/graphql'
import { Ago } from '../parts/Ago'
import { AsQuery } from '../parts/AsQuery'
import { Completeness } from '../parts/Completeness'
import { Fault } from '../parts/Fault'
import { Level } from '../parts/Level'
import { peoplePage } from './peopleFilter'
import { Identity } from './PersonIdentity'
import { Values } from './PersonValues'
import { usePresence } from './presence'
import { trusts } from './truthWords'

const personQuery = graphql(`
  query Person($id: ID!, $sensitive: Boolean!) {
    user(by: { id: $id }) {
      id
      formerIds
      name
      title
      department
      emails { address trust sources { name } }
      phones @include(if: $sensitive) { raw kind }
      addresses @include(if: $sensitive)
      active
      bot
      accessLevel
      asOf
      teams { id name source { name } }
      roleGrants { active role { id name } account { id source { name } } }
      completeness { missing { name } stale { name } asOf }
      ...PersonValues
      ...PersonIdentity
    }
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
  const concerns = ({ changes, all }: Batch): boolean => {
    const shown = new Set([id, user?.id, ...(user?.teams ?? []).map((team) => team.id), ...(user?.roleGrants ?? []).map(({ role }) => role.id)])
    return all || changes.some((change) => change.kind === 'SOURCE' || shown.has(change.id) || shown.has(change.relatedId ?? ''))
  }
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

      <Identity user={user} />

      <section aria-labelledby="accounts-title">
        <h2 id="accounts-title">Accounts, and where each value comes from</h2>
        <Values user={user} />
        {user.asOf && (
          <p className="note">
            The oldest of this data was fetched <Ago at={user.asOf} />.
          </p>
        )}
      </section>
    </>
  )
}
