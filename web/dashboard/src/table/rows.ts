import type { CombinedError } from '@urql/core'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { type Batch, useChanges } from '../core/live'

/** A part of a list, as the server answers it. */
export interface Part<Row> {
  nodes: Row[]
  totalCount: number
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
  completeness: { complete: boolean; missing: { name: string }[]; stale: { name: string }[]; asOf: string | null }
}

export interface Answer<Row> {
  part: Part<Row> | null
  error: CombinedError | null
}

/** Reads up to `first` rows after a cursor. */
export type Load<Row> = (first: number, after: string | null) => Promise<Answer<Row>>

interface State<Row> {
  rows: Row[]
  /** The number of all rows; null before the first answer. */
  total: number | null
  completeness: Part<Row>['completeness'] | null
  error: CombinedError | null
  /** Whether rows are shown that may have changed meanwhile: so many are loaded that they are not read again by themselves. */
  outdated: boolean
}

const least = 100
const most = 500 // of one answer of the server

/** So many rows are read again by themselves when something changes. */
const again = 1_000

/** The rows of a list, read page by page as they are needed: a cursor only leads to the rows after it. */
class Rows<Row> {
  #state: State<Row> = { rows: [], total: null, completeness: null, error: null, outdated: false }
  #listeners = new Set<() => void>()
  #load: Load<Row>
  #cursor: string | null = null
  #more = true
  #wanted = 0
  #reading = false
  #failed = false // the last answer had no rows; an answer can also have rows, and errors of some of their fields
  #stale = false // something has changed since the current reading began

  constructor(load: Load<Row>) {
    this.#load = load
  }

  get = () => this.#state
  subscribe = (listener: () => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #set(next: Partial<State<Row>>) {
    this.#state = { ...this.#state, ...next }
    this.#listeners.forEach((listener) => listener())
  }

  /** Reads on until the row with this index is there, or the list ends. */
  want(index: number) {
    this.#wanted = index
    if (!this.#reading && this.#more && !this.#failed && this.#state.rows.length <= index) void this.#read()
  }

  async #read() {
    this.#reading = true
    while (this.#more && this.#state.rows.length <= this.#wanted) {
      const { part, error } = await this.#load(this.#size(this.#state.rows.length), this.#cursor)
      this.#failed = !part
      if (!part) {
        this.#set({ error })
        break
      }
      this.#cursor = part.pageInfo.endCursor
      this.#more = part.pageInfo.hasNextPage
      this.#set({ rows: [...this.#state.rows, ...part.nodes], total: part.totalCount, completeness: part.completeness, error })
      if (!part.nodes.length) break
    }
    this.#reading = false
    if (this.#stale) this.reload()
  }

  #size = (loaded: number) => (this.#wanted - loaded > least ? most : least)

  /** Reads the rows again up to the last one that is wanted. Meanwhile, the present rows stay. */
  reload(force = false) {
    if (this.#reading) {
      this.#stale = true
      return
    }
    this.#stale = false
    if (!force && this.#wanted > again) {
      this.#set({ outdated: true })
      return
    }
    void this.#replace()
  }

  async #replace() {
    this.#reading = true
    let rows: Row[] = []
    let cursor: string | null = null
    let more = true
    let last: Answer<Row> = { part: null, error: null }
    while (more && rows.length <= this.#wanted) {
      last = await this.#load(this.#size(rows.length), cursor)
      if (!last.part) break
      rows = [...rows, ...last.part.nodes]
      cursor = last.part.pageInfo.endCursor
      more = last.part.pageInfo.hasNextPage
    }
    this.#reading = false
    this.#failed = !last.part
    if (last.part) {
      this.#cursor = cursor
      this.#more = more
      this.#set({ rows, total: last.part.totalCount, completeness: last.part.completeness, error: last.error, outdated: false })
    } else {
      this.#set({ error: last.error })
    }
    if (this.#stale) this.reload()
    else this.want(this.#wanted)
  }
}

/** The rows of a list. Another key is another list. They are read again when a change concerns them. */
export function useRows<Row>(key: string, load: Load<Row>, concerns: (batch: Batch) => boolean) {
  const rows = useMemo(() => new Rows(load), [key]) // load by its key
  const state = useSyncExternalStore(rows.subscribe, rows.get)
  useEffect(() => rows.want(0), [rows])
  useChanges((batch) => {
    if (concerns(batch)) rows.reload()
  })
  return { ...state, want: (index: number) => rows.want(index), reload: () => rows.reload(true) }
}
