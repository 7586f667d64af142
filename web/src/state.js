import { useSyncExternalStore } from 'react'

/** A value that the page's parts share: they read it with useValue, and are drawn again when it changes. */
export function shared(value) {
  const listeners = new Set()
  return {
    get: () => value,
    set(next) {
      value = next
      listeners.forEach((listener) => listener())
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export const useValue = ({ subscribe, get }) => useSyncExternalStore(subscribe, get)
