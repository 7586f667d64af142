import { stored as prefix } from './paths.js'

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefix))

let current

/**
 * What GraphiQL keeps between visits: tabs, history, theme; headers only if the visitor says so. Only the last one that was opened writes:
 * GraphiQL writes some time after a change, when another may have taken its place.
 */
export function openStorage() {
  const write = (change) => current === storage && change()
  const storage = {
    getItem: (key) => localStorage.getItem(prefix + key),
    setItem: (key, value) => write(() => localStorage.setItem(prefix + key, value)),
    removeItem: (key) => write(() => localStorage.removeItem(prefix + key)),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return keys().length
    },
  }
  current = storage
  return storage
}
