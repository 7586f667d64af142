import { useSyncExternalStore } from 'react'

/** A value that parts of the page share: they read it with useShared, and are drawn again when it changes. */
export interface Shared<T> {
  get(): T
  set(next: T): void
  subscribe(listener: () => void): () => void
}

export function shared<T>(value: T): Shared<T> {
  const listeners = new Set<() => void>()
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

export const useShared = <T>({ subscribe, get }: Shared<T>) => useSyncExternalStore(subscribe, get)
