import { Link } from 'wouter'
import { useSession } from '../core/session'
import { useLiveQuery } from '../core/useLiveQuery'
import { graphql } from '../gql'
import type { OverviewQuery } from '../gql/graphql'
import { Ago, Day } from '../parts/Ago'
import { AsQuery } from '../parts/AsQuery'
import { Bars } from '../parts/Bars'
import { Completeness } from '../parts/Completeness'
import { Fault } from '../parts/Fault'
import { levelName } from '../parts/Level'
import { pages } from '.'
import { peoplePage } from './peopleFilter'
import { personPage } from './People'

const overviewQuery = graphql(`
  query Overview {
    people: users(first: 0, filter: { bot: false }) {
      totalCount
      sets: facets(by: SOURCE_SET, first: 50) { value count }
      levels: facets(by: ACCESS_LEVEL) { value label count }
      departments: facets(by: DEPARTMENT, first: 11) { value label count }
      completeness { complete missing { name } stale { name } asOf }
    }
    active: users(first: 0, filter: { bot: false, active: true }) { totalCount }
    noDepartment: users(first: 0, filter: { bot: false, hasDepartment: false }) { totalCount }
    bots: users(first: 0, filter: { bot: true }) { totalCount }
    teams(first: 0) { totalCount }
    roles(first: 0) { totalCount }
    contacts(first: 0) { totalCount }
    newest: users(first: 8, filter: { bot: false }, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { id name title createdAt }
    }
  }
`)

/** The whole company in numbers. Each number and each bar opens the list of what it counts. */
export function Overview() {
  const { data, error, refetch } = useLiveQuery(overviewQuery, {})
  const { sources } = useSession()
  return (
    <div className="overview">
      <div className="list-head">
        <h1>Overview</h1>
        <span className="space" />
        <AsQuery query={overviewQuery} variables={{}} />
      </div>
      <p className="lead">
        The people, teams, roles and contacts of {sources.length === 1 ? 'one system' : `${sources.length} systems`}, as one graph: each person once, with all
        accounts.
      </p>
      {error && <Fault error={error} again={refetch} />}
      {data && <Numbers data={data} />}
      {!data && !error && <p role="status">Loading …</p>}
    </div>
  )
}

/** How many sets of sources the query asks for. */
const mostSets = 50

/** How many departments are shown. The query asks for one more, to know whether there are others. */
const departments = 10

/** The page at a path, if this program has it. */
const has = (path: string) => pages.some((page) => page.path === path)

function Numbers({ data }: { data: OverviewQuery }) {
  const { people, active, noDepartment, bots, teams, roles, contacts, newest } = data
  const { sources } = useSession()
  const names = sources.map(({ name }) => name)
  const tiles: [id: string, label: string, list: { totalCount: number } | null, href: string][] = [
    ['people', 'People', people, peoplePage({ bot: 'false' })],
    ['active', 'Active people', active, peoplePage({ bot: 'false', active: 'true' })],
    ['bots', 'Bots', bots, peoplePage({ bot: 'true' })],
    ['teams', 'Teams', teams, '/teams'],
    ['roles', 'Roles', roles, '/roles'],
    ['contacts', 'Contacts', contacts, '/contacts'],
  ]
  return (
    <>
      <dl className="tiles">
        {tiles.map(([id, label, list, href]) => {
          const count = list?.totalCount.toLocaleString('en')
          return (
            <div key={id} className="tile" data-tile={id}>
              <dt>{label}</dt>
              <dd>{has(href.split('?')[0] ?? href) ? <Link href={href}>{count}</Link> : count}</dd>
            </div>
          )
        })}
      </dl>
      {people && (
        <>
          {people.completeness.complete && people.completeness.stale.length === 0 && (
            <p className="complete">
              <span role="status">Complete.</span>{' '}
              {people.completeness.asOf && (
                <>
                  The oldest data was fetched <Ago at={people.completeness.asOf} />.
                </>
              )}
            </p>
          )}
          <Completeness {...people.completeness} />
          <div className="panels">
            <section className="panel wide" aria-labelledby="sets-title">
              <h2 id="sets-title">People by set of sources</h2>
              <p className="note">In which systems people have accounts. A filled dot means that they have one.</p>
              <div className="upset">
                <div className="upset-names" aria-hidden="true">
                  {names.map((name) => (
                    <span key={name}>{name}</span>
                  ))}
                </div>
                <Bars
                  label="People by set of sources"
                  bars={people.sets.map(({ value, count }) => {
                    const inside = value.split(',')
                    const outside = names.filter((name) => !inside.includes(name))
                    return {
                      key: value,
                      count,
                      name: inside.join(' and '),
                      label: (
                        <span className="dots">
                          {names.map((name) => (
                            <span key={name} className={inside.includes(name) ? 'dot in' : 'dot'} title={name} />
                          ))}
                        </span>
                      ),
                      href: peoplePage({ bot: 'false', in: inside, without: outside }),
                    }
                  })}
                />
              </div>
              {people.sets.length === mostSets && <p className="note">Only the {mostSets} largest sets are shown.</p>}
            </section>
            <section className="panel" aria-labelledby="levels-title">
              <h2 id="levels-title">Access levels</h2>
              <Bars
                label="People by access level"
                bars={people.levels.map(({ value, label, count }) => ({
                  key: value,
                  label: label || levelName(value as never),
                  count,
                  href: peoplePage({ bot: 'false', level: value }),
                }))}
              />
            </section>
            <section className="panel" aria-labelledby="departments-title">
              <h2 id="departments-title">{people.departments.length > departments ? `The ${departments} largest departments` : 'Departments'}</h2>
              <Bars
                label="People by department"
                bars={people.departments.slice(0, departments).map(({ value, label, count }) => ({ key: value, label, count, href: peoplePage({ bot: 'false', department: value }) }))}
              />
              {noDepartment && noDepartment.totalCount > 0 && (
                <p className="note">
                  <Link href={peoplePage({ bot: 'false', hasDepartment: 'false' })}>{noDepartment.totalCount.toLocaleString('en')} without a department</Link>
                </p>
              )}
            </section>
            <section className="panel" aria-labelledby="newest-title">
              <h2 id="newest-title">Newest</h2>
              <ul className="plain">
                {newest?.nodes
                  .filter(({ createdAt }) => createdAt !== null)
                  .map(({ id, name, title, createdAt }) => (
                    <li key={id}>
                      <Link href={personPage(id)}>{name}</Link> <span className="note">{title}</span>
                      <span className="right note">
                        <Day at={createdAt} />
                      </span>
                    </li>
                  ))}
              </ul>
            </section>
          </div>
        </>
      )}
    </>
  )
}
