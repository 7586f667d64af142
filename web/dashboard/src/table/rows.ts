import type { CombinedError } from '@urql/core'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { later, pauseAfter } from '../core/later'
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
  #forced = false // the visitor has asked for it meanwhile
  #waiting = false // after an error: the next attempt has its time
  #failures = 0
  #over = false // nobody shows the rows any more
  #cancel = () => {}

  constructor(load: Load<Row>) {
    this.#load = load
  }

  get = () => this.#state

  /** Begins to read. The returned function ends it: a reading stops with the next answer. */
  open = () => {
    this.#over = false
    this.want(0)
    return () => {
      this.#over = true
      this.#cancel()
    }
  }

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
    this.#cancel()
    while (this.#more && this.#state.rows.length <= this.#wanted) {
      const { part, error } = await this.#load(this.#size(this.#state.rows.length), this.#cursor)
      if (this.#over) break
      this.#after(part, error, () => this.#on())
      if (!part) {
        this.#set({ error })
        break
      }
      this.#cursor = part.pageInfo.endCursor
      this.#more = part.pageInfo.hasNextPage && part.nodes.length > 0
      this.#set({ rows: [...this.#state.rows, ...part.nodes], total: part.totalCount, completeness: part.completeness, error })
    }
    this.#reading = false
    this.#catchUp()
  }

  /** Notes whether there was an answer. After an error that may pass, it tries again by itself. */
  #after(part: Part<Row> | null, error: CombinedError | null, again: () => void) {
    this.#failed = !part
    this.#failures = part ? 0 : this.#failures + 1
    const pause = part || !error ? null : pauseAfter(error, this.#failures)
    this.#waiting = pause !== null
    if (pause !== null) this.#cancel = later(pause, again)
  }

  /** Reads on after an error: the rows that are there stay. */
  #on() {
    this.#failed = false
    this.want(this.#wanted)
  }

  #catchUp() {
    if (this.#over || this.#failed) return
    const forced = this.#forced
    if (this.#stale) this.reload(forced)
    else this.want(this.#wanted)
  }

  /** Tries again after an error. */
  retry() {
    if (this.#reading) return
    if (this.#failed && !this.#stale && this.#state.rows.length <= this.#wanted) this.#on()
    else this.reload(true)
  }

  #size = (loaded: number) => (this.#wanted - loaded > least ? most : least)

  /** Reads the rows again up to the last one that is wanted. Meanwhile, the present rows stay. */
  reload(force = false) {
    if (this.#reading || (this.#waiting && !force)) {
      this.#stale = true
      this.#forced ||= force
      return
    }
    this.#stale = false
    this.#forced = false
    if (!force && this.#wanted > again) {
      this.#set({ outdated: true })
      return
    }
    void this.#replace()
  }

  async #replace() {
    this.#reading = true
    this.#cancel()
    let rows: Row[] = []
    let cursor: string | null = null
    let more = true
    let last: Answer<Row> = { part: null, error: null }
    while (more && rows.length <= this.#wanted) {
      last = await this.#load(this.#size(rows.length), cursor)
      if (this.#over || !last.part) break
      rows = [...rows, ...last.part.nodes]
      cursor = last.part.pageInfo.endCursor
      more = last.part.pageInfo.hasNextPage && last.part.nodes.length > 0
    }
    this.#reading = false
    if (this.#over) return
    this.#after(last.part, last.error, () => this.reload(true))
    if (last.part) {
      this.#cursor = cursor
      this.#more = more
      this.#set({ rows, total: last.part.totalCount, completeness: last.part.completeness, error: last.error, outdated: false })
    } else {
      this.#stale = true // the rows that are there are older than the change
      this.#set({ error: last.error })
    }
    this.#catchUp()
  }
}

/** The rows of a list. Another key is another list. They are read again when a change concerns them. */
export function useRows<Row>(key: string, load: Load<Row>, concerns: (batch: Batch) => boolean) {
  const rows = useMemo(() => new Rows(load), [key]) // load by its key
  const state = useSyncExternalStore(rows.subscribe, rows.get)
  useEffect(() => rows.open(), [rows])
  useChanges((batch) => {
    if (concerns(batch)) rows.reload()
  })
  return { ...state, want: (index: number) => rows.want(index), reload: () => rows.reload(true), retry: () => rows.retry() }
}
