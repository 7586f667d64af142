import { useSession } from '../core/session'
import { useLiveQuery } from '../core/useLiveQuery'
import { graphql } from '../gql'
import type { SourcesQuery } from '../gql/graphql'
import { Ago } from '../parts/Ago'
import { AsQuery } from '../parts/AsQuery'
import { Fault } from '../parts/Fault'
import { RefreshSource } from './RefreshSource'
import { breakerText, capabilityName, collectionName, credentialText, errorAdvice, stateMeaning, stateName } from './sourceWords'

const sourcesQuery = graphql(`
  query Sources {
    sources {
      id
      name
      kindName
      url
      state
      breaker
      capabilities
      pause { until message partial }
      credential { state expiresAt renewed message }
      collections {
        kind
        state
        count
        expectedCount
        syncedAt
        freshFor
        error { message code retryAt }
        loss { since acceptedAt known found lost }
        fetch { startedAt count expectedCount }
        anomalies { field count example }
      }
    }
  }
`)

export type Source = NonNullable<SourcesQuery['sources']>[number]
type Collection = Source['collections'][number]

/** How often the page is read again, in milliseconds: ages, counts and the progress of fetches are no changes of the directory. */
const fetching = 500
const resting = 5_000

/** How each source is: what is served, how old it is, what is wrong, and what to do. */
export function Sources() {
  const { data, error, refetch } = useLiveQuery(sourcesQuery, {}, undefined, ({ sources }) =>
    sources?.some(({ collections }) => collections.some(({ fetch }) => fetch !== null)) ? fetching : resting,
  )
  return (
    <div className="sources">
      <div className="list-head">
        <h1>Sources</h1>
        <span className="space" />
        <AsQuery query={sourcesQuery} variables={{}} />
      </div>
      {error && <Fault error={error} again={refetch} />}
      {!data && !error && <p role="status">Loading …</p>}
      {data?.sources?.map((source) => (
        <SourcePanel key={source.id} source={source} onRefreshed={refetch} />
      ))}
    </div>
  )
}

function SourcePanel({ source, onRefreshed }: { source: Source; onRefreshed(): void }) {
  const { name, kindName, url, state, breaker, capabilities, pause, credential, collections } = source
  const { can } = useSession()
  const title = `source-${name}`
  return (
    <section className="panel source" aria-labelledby={title} data-source={name}>
      <div className="list-head">
        <h2 id={title}>{name}</h2>
        <span className={`state ${state.toLowerCase()}`} title={stateMeaning[state]}>
          {stateName[state]}
        </span>
        <span className="note">{kindName === name ? '' : kindName}</span>
        <span className="space" />
        {url && (
          <a href={url} rel="noreferrer" target="_blank">
            Open {name}
          </a>
        )}
        {can('directory:admin') && <RefreshSource source={source} onRefreshed={onRefreshed} />}
      </div>
      {state !== 'FRESH' && <p className="note">{stateMeaning[state]}</p>}
      {pause && (
        <p className="notice">
          {pause.message} {pause.partial ? 'Some kinds of calls pause' : 'Calls pause'}. They go on <Ago at={pause.until} />.
        </p>
      )}
      {credential && credential.state !== 'GOOD' && (
        <p className={credential.state === 'EXPIRING' ? 'notice' : 'notice severe'}>
          Credential: {credentialText[credential.state]} {credential.message}
        </p>
      )}
      {collections.map((collection) => (
        <Problem key={collection.kind} collection={collection} />
      ))}
      <div className="scroll" role="region" aria-label={`Data of ${name}`} tabIndex={0}>
        <table className="compare">
          <thead>
            <tr>
              <th scope="col">Data</th>
              <th scope="col">State</th>
              <th scope="col">Records</th>
              <th scope="col">Fetched</th>
            </tr>
          </thead>
          <tbody>
            {collections.map((collection) => (
              <CollectionRow key={collection.kind} collection={collection} />
            ))}
          </tbody>
        </table>
      </div>
      <dl className="facts">
        <div>
          <dt>Calls</dt>
          <dd className={breaker === 'CLOSED' ? undefined : 'fault'}>{breakerText[breaker]}</dd>
        </div>
        <div>
          <dt>Credential</dt>
          <dd>
            {credential ? credentialText[credential.state] : 'Nothing is known about its end.'}{' '}
            {credential?.expiresAt && (
              <>
                It ends <Ago at={credential.expiresAt} />.
              </>
            )}{' '}
            {credential?.renewed && 'Roster renews it.'}
          </dd>
        </div>
        <div>
          <dt>Supports</dt>
          <dd>{capabilities.length > 0 ? capabilities.map(capabilityName).join(', ') : 'reading only'}</dd>
        </div>
      </dl>
    </section>
  )
}

const number = (n: number) => n.toLocaleString('en')

function CollectionRow({ collection }: { collection: Collection }) {
  const { kind, state, count, expectedCount, syncedAt, freshFor, fetch } = collection
  return (
    <tr data-collection={kind}>
      <th scope="row">{collectionName[kind]}</th>
      <td>
        <span className={`state ${state.toLowerCase()}`} title={stateMeaning[state]}>
          {stateName[state]}
        </span>
      </td>
      <td className="records">
        {number(count)}
        {expectedCount !== null && expectedCount !== count && <span className="note"> of {number(expectedCount)} that the source reports</span>}
        {fetch && <Progress kind={kind} fetch={fetch} />}
      </td>
      <td>
        {syncedAt ? <Ago at={syncedAt} /> : 'never'}
        <span className="note block">fresh for {duration(freshFor)}</span>
      </td>
    </tr>
  )
}

/** What is wrong with a collection, and what to do; nothing if all is well. */
function Problem({ collection: { kind, state, error, loss, anomalies } }: { collection: Collection }) {
  if (!error && !loss && anomalies.length === 0) return null
  return (
    <div className={state === 'MISSING' ? 'notice severe' : 'notice'} data-problem={kind}>
      <h3>{collectionName[kind]}</h3>
      {error && (
        <p>
          The last fetch failed: {error.message.replace(/\.?$/, '.')} {errorAdvice[error.code]}{' '}
          {error.retryAt && (
            <>
              Next try: <Ago at={error.retryAt} />.
            </>
          )}
        </p>
      )}
      {loss && (
        <p>
          The last fetch had {number(loss.found)} records, and lacked {number(loss.lost)} of the {number(loss.known)} known ones. The known ones are still
          served. The loss will be accepted <Ago at={loss.acceptedAt} />.
        </p>
      )}
      {anomalies.length > 0 && (
        <details>
          <summary>{anomalies.length === 1 ? 'Values of one field cannot be read' : `Values of ${anomalies.length} fields cannot be read`}</summary>
          <ul>
            {anomalies.map(({ field, count, example }) => (
              <li key={`${field} ${example}`}>
                <code>{field}</code>: {number(count)} × {example}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  )
}

function Progress({ kind, fetch: { count, expectedCount, startedAt } }: { kind: Collection['kind']; fetch: NonNullable<Collection['fetch']> }) {
  return (
    <div className="progress">
      <progress aria-label={`Fetch of ${collectionName[kind].toLowerCase()}`} value={expectedCount ? count : undefined} max={expectedCount ?? undefined} />
      <span className="note block">
        Being fetched: {number(count)}
        {expectedCount !== null && ` of ${number(expectedCount)}`} so far, begun <Ago at={startedAt} />
      </span>
    </div>
  )
}

/** A number of seconds in words: 90 s, 15 min, 2 h. */
function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}
