import type { CombinedError } from '@urql/core'
import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { later, pauseAfter } from '../core/later'
import { type Batch, useChanges } from '../core/live'

/** Which rows to read: the first ones after a cursor, or the last ones before one. */
export interface Page {
  first?: number
  after?: string | null
  last?: number
  before?: string | null
}

/** A part of a list, as the server answers it. */
export interface Part<Row> {
  nodes: Row[]
  totalCount: number
  pageInfo: { hasNextPage: boolean; endCursor: string | null; startCursor?: string | null }
  completeness: { complete: boolean; missing: { name: string }[]; stale: { name: string }[]; asOf: string | null }
}

/** A part of a list that can also be read from its end. */
export type PartOfBoth<Row> = Part<Row> & { pageInfo: { startCursor: string | null } }

export interface Answer<Row> {
  part: Part<Row> | null
  error: CombinedError | null
}

export type Load<Row> = (page: Page) => Promise<Answer<Row>>

interface State<Row> {
  /** By their index; undefined where a row has not been read. */
  rows: (Row | undefined)[]
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

/**
 * The rows that have been read, from both ends of the list: a cursor only leads to the rows beside it, so what is in the middle is read from
 * the end that is nearer.
 */
class Ends<Row> {
  head: Row[] = []
  tail: Row[] = []
  total: number | null = null
  #after: string | null = null
  #before: string | null = null
  #over = false // the list has no more rows than these

  /** Whether all rows from one index to another are there, as far as the list has them. */
  has(first: number, last: number): boolean {
    if (this.total === null) return false
    const end = Math.min(last, this.total - 1)
    return this.#over || end < this.head.length || first >= this.#tailAt(this.total) || this.head.length >= this.#tailAt(this.total)
  }

  #tailAt = (total: number) => total - this.tail.length

  /** How many rows have to be read until those are there, from the nearer end. */
  distance(first: number, last: number, both: boolean): [rows: number, backwards: boolean] {
    const forwards = Math.min(last, (this.total ?? Infinity) - 1) + 1 - this.head.length
    const backwards = this.total === null || !both ? Infinity : this.#tailAt(this.total) - first
    return backwards < forwards ? [backwards, true] : [forwards, false]
  }

  /** The next page to read for those rows. */
  next(first: number, last: number, both: boolean): Page {
    const [rows, backwards] = this.distance(first, last, both)
    const size = this.total !== null && rows > least ? most : least
    return backwards ? { last: size, before: this.#before } : { first: size, after: this.#after }
  }

  add(page: Page, { nodes, totalCount, pageInfo }: Part<Row>) {
    this.total = totalCount
    if (page.last !== undefined) {
      this.tail = [...nodes, ...this.tail]
      const before = pageInfo.startCursor ?? null
      if (before === null || before === page.before) this.#over = true // else the same page would be read without end
      this.#before = before
    } else {
      this.head = [...this.head, ...nodes]
      this.#after = pageInfo.endCursor
      this.#over = !pageInfo.hasNextPage
    }
    if (nodes.length === 0) this.#over = true // else it would be asked for again and again
  }

  all(): (Row | undefined)[] {
    if (this.tail.length === 0 || this.total === null) return this.head
    const rows = new Array<Row | undefined>(Math.max(this.total, this.head.length)).fill(undefined)
    this.tail.forEach((row, i) => (rows[this.#tailAt(this.total as number) + i] = row))
    this.head.forEach((row, i) => (rows[i] = row))
    return rows
  }
}

/** The rows of a list, read page by page as they are needed. */
class Rows<Row> {
  #state: State<Row> = { rows: [], total: null, completeness: null, error: null, outdated: false }
  #listeners = new Set<() => void>()
  #load: Load<Row>
  #both: boolean
  #ends = new Ends<Row>()
  #wanted: [first: number, last: number] = [0, 0]
  #reading = false
  #failed = false // the last answer had no rows; an answer can also have rows, and errors of some of their fields
  #stale = false // something has changed since the current reading began
  #forced = false // the visitor has asked for it meanwhile
  #waiting = false // after an error: the next attempt has its time
  #failures = 0
  #over = false // nobody shows the rows any more
  #cancel = () => {}

  /** With both, load can also read from the end of the list. */
  constructor(load: Load<Row>, both: boolean) {
    this.#load = load
    this.#both = both
  }

  get = () => this.#state

  /** Begins to read. The returned function ends it: a reading stops with the next answer. */
  open = () => {
    this.#over = false
    this.want(...this.#wanted)
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

  /** Reads on until the rows from one index to another are there. */
  want(first: number, last: number) {
    this.#wanted = [first, last]
    if (!this.#reading && !this.#failed && !this.#ends.has(first, last)) void this.#read()
  }

  async #read() {
    this.#reading = true
    this.#cancel()
    await this.#fill(this.#ends, true)
    this.#reading = false
    this.#catchUp()
  }

  /** Reads until the rows that are wanted are there, and shows each answer at once or only the last one. It returns whether it got there. */
  async #fill(ends: Ends<Row>, atOnce: boolean): Promise<boolean> {
    while (!ends.has(...this.#wanted)) {
      const page = ends.next(...this.#wanted, this.#both)
      const { part, error } = await this.#load(page)
      if (this.#over) return false
      this.#after(part, error, () => (atOnce ? this.#on() : this.reload(true)))
      if (!part) {
        this.#set({ error })
        return false
      }
      ends.add(page, part)
      if (atOnce || ends.has(...this.#wanted))
        this.#set({ rows: ends.all(), total: part.totalCount, completeness: part.completeness, error, outdated: atOnce && this.#state.outdated })
    }
    return true
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
    this.want(...this.#wanted)
  }

  #catchUp() {
    if (this.#over || this.#failed) return
    const forced = this.#forced
    if (this.#stale) this.reload(forced)
    else this.want(...this.#wanted)
  }

  /** Tries again after an error. */
  retry() {
    if (this.#reading) return
    if (this.#failed && !this.#stale && !this.#ends.has(...this.#wanted)) this.#on()
    else this.reload(true)
  }

  /** Reads the rows again that are wanted, from the nearer end. Meanwhile, the present rows stay. */
  reload(force = false) {
    if (this.#reading || (this.#waiting && !force)) {
      this.#stale = true
      this.#forced ||= force
      return
    }
    this.#stale = false
    this.#forced = false
    const fresh = new Ends<Row>()
    fresh.total = this.#ends.total
    const [rows] = fresh.distance(...this.#wanted, this.#both)
    if (!force && rows > again) {
      this.#set({ outdated: true })
      return
    }
    fresh.total = null
    void this.#replace(fresh)
  }

  async #replace(fresh: Ends<Row>) {
    this.#reading = true
    this.#cancel()
    const done = await this.#fill(fresh, false)
    this.#reading = false
    if (this.#over) return
    if (done) this.#ends = fresh
    else this.#stale = true // the rows that are there are older than the change
    this.#catchUp()
  }
}

/**
 * The rows of a list. Another key is another list. They are read again when a change concerns them. With both, load can also read from the
 * end of the list.
 */
export function useRows<Row>(key: string, load: Load<Row>, concerns: (batch: Batch) => boolean, both = false) {
  const rows = useMemo(() => new Rows(load, both), [key]) // load by its key
  const state = useSyncExternalStore(rows.subscribe, rows.get)
  useEffect(() => rows.open(), [rows])
  useChanges((batch) => {
    if (concerns(batch)) rows.reload()
  })
  return { ...state, want: (first: number, last: number) => rows.want(first, last), reload: () => rows.reload(true), retry: () => rows.retry() }
}
