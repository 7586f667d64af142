import { buildSchema, introspectionFromSchema, parse } from 'graphql'
import { asking, authorization } from './credential.js'
import { answers } from './events.js'
import { graph, schemaFile } from './paths.js'
import { failure, problems } from './problems.js'

/** How long the page waits for what it asks by itself. */
const patience = 15_000

/** Merges headers. Those that the visitor wrote count last. */
function headersOf(own = {}, more = {}) {
  const headers = new Headers({ ...authorization(), ...more })
  for (const [name, value] of Object.entries(own)) headers.set(name, value)
  return headers
}

/** Sends a request. Returns the HTTP status, which is 0 if nothing answered, and the answer, which has errors if it has no data. */
async function request(url, options, read) {
  let response
  try {
    response = await fetch(url, options)
  } catch ({ name, message }) {
    const silent = name === 'TypeError' || name === 'TimeoutError'
    return { status: 0, answer: { errors: [{ message: silent ? 'The server does not answer.' : message }] } }
  }
  const { ok, status, statusText } = response
  const answer = await (ok ? read(response) : response.json()).catch(() => null)
  if (answer instanceof Object) return { status, answer }
  // Such as a proxy's error page: its text would say less than its status.
  return { status, answer: { errors: [{ message: `The server answered ${`${status} ${statusText}`.trim()}, and what it sent cannot be read.` }] } }
}

const json = 'application/graphql-response+json, application/json;q=0.9'
const eventStream = 'text/event-stream'

/** Sends one operation. The answer to a subscription is a stream of answers. */
function send(operation, { headers, signal, accept = json } = {}) {
  const types = { 'content-type': 'application/json', accept }
  const options = { method: 'POST', headers: headersOf(headers, types), body: JSON.stringify(operation), signal }
  return request(graph, options, async (response) =>
    response.headers.get('content-type')?.startsWith(eventStream) ? answers(response) : response.json(),
  )
}

/** Sends one operation that the page needs itself. */
export const ask = (operation, options) => send(operation, { ...options, signal: AbortSignal.timeout(patience) })

/** Reads the schema from its file, which callers with the scope for it can read without introspection. */
function schemaOfFile(headers) {
  const options = { headers: headersOf(headers), signal: AbortSignal.timeout(patience) }
  return request(schemaFile, options, async (response) => ({
    data: introspectionFromSchema(buildSchema(await response.text(), { assumeValid: true })),
  }))
}

/** GraphiQL sends the visitor's operations by this, and its own query for the schema. */
export async function fetcher(operation, { headers } = {}) {
  if (operation.operationName === 'IntrospectionQuery') return schema(operation, headers)
  const { name, kind } = chosen(operation)
  const accept = kind === 'subscription' ? `${eventStream}, ${json}` : json
  const sent = await send({ ...operation, operationName: name }, { headers, accept })
  if (sent.status === 401) asking.set({ open: true, message: failure(sent).message })
  return sent.answer
}

/**
 * Says which operation of a text is meant. GraphiQL learns the name some time after it was typed, and may still have the one of an earlier
 * text: if there is one operation, it is meant.
 */
function chosen({ query, operationName }) {
  try {
    const all = parse(query).definitions.filter((d) => d.kind === 'OperationDefinition')
    const one = all.length === 1 ? all[0] : all.find((d) => d.name?.value === operationName)
    return one ? { name: one.name?.value, kind: one.operation } : { name: operationName }
  } catch {
    return { name: operationName } // the server says what is wrong with it
  }
}

/** Gives the answer to GraphiQL's query for the schema. What is wrong with it is a problem of the page. */
async function schema(operation, headers) {
  const file = await schemaOfFile(headers)
  const isOwn = file.answer.data || file.answer.errors?.[0]?.extensions?.code
  const sent = isOwn ? file : await ask(operation, { headers }) // a proxy may serve the graph alone
  problems.set({ ...problems.get(), schema: sent.answer.data ? null : failure(sent) })
  return { data: null, ...sent.answer } // without data, GraphiQL would ask a second time
}
