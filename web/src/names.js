// The server writes the setting federation.prefix here: without the schema, the page could not find it out.
const { content: prefix } = document.querySelector('meta[name="roster-prefix"]')

const capital = (word) => word[0].toUpperCase() + word.slice(1)

/** The name that a type of Roster has on this server. */
export const type = (name) => prefix + name

/** The name that a root field of Roster has on this server. */
export function field(name) {
  if (prefix === '') return name
  return prefix[0].toLowerCase() + prefix.slice(1) + (prefix.endsWith('_') ? name : capital(name))
}
