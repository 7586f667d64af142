import { field, type } from './names.js'

/** What the page asks to make examples. */
export const question = `query Playground {
  sources: ${field('sources')} { name kind capabilities collections { kind } }
  viewer: ${field('viewer')} { scopes }
}`

/** The account type of each kind of source, with fields that no other type has. */
const accountTypes = {
  WORKSECTION: ['WorksectionAccount', 'addedAt'],
  KOMMO: ['KommoAccount', 'admin', 'rank'],
  ALTCRAFT: ['AltcraftAccount', 'master'],
  ROCKET_CHAT: ['RocketChatAccount', 'type', 'utcOffset'],
  OTHER: ['DirectoryAccount', 'createdAt'],
}

const json = (value) => JSON.stringify(value, null, 2)

/**
 * The tabs of a first visit, made from the sources there are. The answer to the question can be missing, as for a caller without
 * rights: then there are the examples that name no source. The first one is a query that every configuration answers.
 */
export function examples({ sources, viewer } = {}) {
  const all = sources ?? []
  const writes = viewer?.scopes.includes('directory:write')
  const having = (kind) => all.filter(({ collections }) => collections.some((c) => c.kind === kind))
  const able = (capability) => all.filter(({ capabilities }) => writes && capabilities.includes(capability))
  const from = (some, make) => (some.length > 0 ? [make(some)] : [])
  return [
    people,
    overview,
    person(all),
    search,
    ...from(having('ACCOUNTS'), peopleOf),
    ...from(having('TEAMS'), teams),
    ...from(having('ROLES'), () => roles),
    ...from(having('CONTACTS'), contacts),
    sourceStates,
    ...from(able('INVITE_USER'), invitation),
    ...from(able('CREATE_TEAM'), newTeam),
  ]
}

const people = {
  query: `# The first people by name, each with
# the sources that know them.
# Ctrl-Enter runs a query, Ctrl-Space
# suggests fields.
query People {
  ${field('users')}(first: 5) {
    totalCount
    nodes {
      name
      email
      title
      accounts {
        source {
          name
        }
      }
    }
    completeness {
      complete
      missing {
        name
      }
    }
  }
}
`,
}

const overview = {
  query: `# Numbers for a first screen: first: 0 asks for counts only.
query Overview {
  ${field('users')}(first: 0, filter: { bot: false }) {
    totalCount
    sources: facets(by: SOURCE_SET, first: 5) {
      value
      count
    }
    levels: facets(by: ACCESS_LEVEL) {
      value
      count
    }
    departments: facets(by: DEPARTMENT, first: 5) {
      value
      count
    }
  }
}
`,
}

function person(sources) {
  const kinds = [...new Set(sources.map(({ kind }) => kind))].filter((kind) => kind in accountTypes)
  const fragments = kinds.map((kind) => {
    const [name, ...fields] = accountTypes[kind]
    return `
        ... on ${type(name)} {${fields.map((name) => `
          ${name}`).join('')}
        }`
  })
  const presence = sources.some(({ capabilities }) => capabilities.includes('PRESENCE')) ? '\n      presence' : ''
  return {
    query: `# One person: what all sources together know, and below it the
# record of each source. user(by: { email: "…" }) finds a person
# by an address.
query Person {
  ${field('users')}(first: 1, filter: { bot: false }) {
    nodes {
      id
      name
      title
      department
      active${presence}
      accessLevel
      emails {
        address
        trust
      }
      accounts {
        __typename
        id
        externalId
        active
        accessLevel
        source {
          name
        }${fragments.join('')}
      }
    }
  }
}
`,
  }
}

const search = {
  query: `# A field to pick a person while typing. Each word must be the
# beginning of a word of the person; accents and capitals do
# not matter.
query Search($search: String!) {
  ${field('users')}(first: 8, filter: { search: $search, active: true }) {
    totalCount
    nodes {
      id
      name
      email
      title
    }
  }
}
`,
  variables: json({ search: 'a' }),
}

const peopleOf = ([one, other]) => ({
  query: `# People of single sources. For the next page add after: with
# the endCursor. Try "sources" and "withoutSources" too.
query PeopleOf($filter: ${type('UserFilter')}) {
  ${field('users')}(first: 20, filter: $filter) {
    totalCount
    nodes {
      name
      email
      accounts {
        active
        source {
          name
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`,
  variables: json({ filter: { allSources: other ? [one.name, other.name] : [one.name], active: true } }),
})

const teams = ([{ name }]) => ({
  query: `# The teams of one source, each with its first members.
query Teams($filter: ${type('TeamFilter')}) {
  ${field('teams')}(first: 5, filter: $filter) {
    totalCount
    nodes {
      id
      name
      kind
      members(first: 3) {
        totalCount
        nodes {
          name
        }
      }
    }
  }
}
`,
  variables: json({ filter: { sources: [name] } }),
})

const roles = {
  query: `# Who may do everything: the roles that make somebody an
# administrator or owner, with their holders.
query Administrators {
  ${field('roles')}(first: 10, filter: { accessLevels: [ADMIN, OWNER] }) {
    totalCount
    nodes {
      name
      accessLevel
      source {
        name
      }
      holders(first: 3) {
        totalCount
        nodes {
          name
        }
      }
    }
  }
}
`,
}

const contacts = ([{ name }]) => ({
  query: `# The address book of one source.
query Contacts($filter: ${type('ContactFilter')}) {
  ${field('contacts')}(first: 5, filter: $filter) {
    totalCount
    nodes {
      name
      email
      tags
      folder {
        name
      }
      owner {
        name
      }
    }
  }
}
`,
  variables: json({ filter: { sources: [name] } }),
})

const sourceStates = {
  query: `# A status line for each source: what it holds, how fresh that
# is, and what is wrong.
query Sources {
  ${field('sources')} {
    name
    kind
    state
    capabilities
    collections {
      kind
      state
      count
      syncedAt
      error {
        code
        message
      }
    }
  }
}
`,
}

const invitation = ([{ name }]) => ({
  query: `# Invite a person. With dryRun nothing is sent: the answer shows
# what the source would get, and all faults of the input.
mutation Invitation($input: ${type('InviteUserInput')}!) {
  ${field('inviteUser')}(input: $input) {
    outcome
    wouldSend
    userErrors {
      field
      code
      message
    }
  }
}
`,
  variables: json({ input: { source: name, email: 'dana.reed@newcomer.example', firstName: 'Dana', lastName: 'Reed', dryRun: true } }),
})

const newTeam = ([{ name }]) => ({
  query: `# Create a team. With dryRun nothing is sent.
mutation NewTeam($input: ${type('CreateTeamInput')}!) {
  ${field('createTeam')}(input: $input) {
    outcome
    wouldSend
    userErrors {
      field
      code
      message
    }
  }
}
`,
  variables: json({ input: { source: name, name: 'Night shift', dryRun: true } }),
})
