// Relative to the page, so that a proxy may serve everything under a path of its own.
const endpoint = new URL('graphql', document.baseURI)

/** Sends one operation to the server that gave this page. */
export async function fetcher(operation, options) {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...options?.headers,
    },
    body: JSON.stringify(operation),
  })
  try {
    return await response.json()
  } catch {
    // Such as a proxy's error page: its text would say less than its status.
    return { errors: [{ message: `The server answered ${response.status} ${response.statusText} and no JSON.` }] }
  }
}
