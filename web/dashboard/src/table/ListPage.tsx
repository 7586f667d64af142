import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { ask } from '../core/client'
import type { Batch } from '../core/live'
import { Completeness } from '../parts/Completeness'
import { Download } from '../parts/Download'
import { Fault } from '../parts/Fault'
import { AsQuery } from '../parts/AsQuery'
import { Columns } from './Columns'
import { type PartOfBoth, useRows } from './rows'
import { type Column, type Sorting, Table } from './Table'
import { shownOf, sortText, sortingOf, type View } from './view'

/** What the query of a list takes. */
export interface Variables {
  first?: number | null
  after?: string | null
  last?: number | null
  before?: string | null
  filter?: unknown
  orderBy?: unknown
}

/** A list of the graph that a page shows. */
export interface List<Row extends { id: string }, Data, V extends Variables> {
  /** What the rows are, for a heading and for screen readers: People. */
  title: string
  /** What is counted: one person, 2 people. */
  noun: [one: string, many: string]
  query: TypedDocumentNode<Data, V>
  part(data: Data): PartOfBoth<Row> | null
  columns: Column<Row>[]
  /** The order without a choice of the visitor, and null for a list that the graph always sorts alike. */
  order: Sorting | null
  /** Whether the graph takes an order for this list. */
  sorts: boolean
  /** The name of the list's CSV file. */
  csv: string
  /** The columns of the CSV file that are not shown, such as the ID. */
  csvMore?: string[]
  /** Whether a batch of changes concerns the list. */
  concerns(batch: Batch): boolean
  /** The page of a row, if rows have one. */
  href?(row: Row): string
}

interface Props<Row extends { id: string }, Data, V extends Variables> {
  list: List<Row, Data, V>
  view: View
  filter: V['filter']
  /** What narrows the list, beside the search. */
  filters?: ReactNode
  /** Above the table, beside the number of rows. */
  actions?: ReactNode
  /** Called with the rows in view. */
  onRows?(rows: Row[]): void
}

/** A page with a search, filters, and a table of any length. The address holds the whole view. */
export function ListPage<Row extends { id: string }, Data, V extends Variables>({ list, view, filter, filters, actions, onRows }: Props<Row, Data, V>) {
  const [, navigate] = useLocation()
  const sorting = sortingOf(view, list.columns, list.order)
  const shown = shownOf(view, list.columns)
  const orderBy = list.sorts && sorting ? { field: sorting.field, direction: sorting.descending ? 'DESC' : 'ASC' } : undefined
  const variables = { filter, ...(orderBy && { orderBy }) }
  const { rows, total, completeness, error, outdated, want, reload, retry } = useRows<Row>(
    JSON.stringify([list.csv, variables]),
    async (page) => {
      const { data, error } = await ask(list.query, { ...variables, ...page } as unknown as V)
      return { part: data ? list.part(data) : null, error: error ?? null }
    },
    list.concerns,
    true,
  )
  const onView = useCallback(
    (first: number, last: number) => {
      want(first, last)
      onRows?.(rows.slice(first, last + 1).filter((row) => row !== undefined))
    },
    [want, rows, onRows],
  )
  const [one, many] = list.noun
  const names = shown.flatMap((id) => list.columns.find((column) => column.id === id)?.csv ?? [])

  return (
    <div className="list">
      <div className="list-head">
        <h1>{list.title}</h1>
        <p className="count" role="status" data-total={total ?? ''}>
          {total === null ? (error ? '' : 'Loading …') : `${total.toLocaleString('en')} ${total === 1 ? one : many}`}
        </p>
        <span className="space" />
        {actions}
        <Columns columns={list.columns} shown={shown} onChange={(ids) => view.set({ columns: ids.join(',') })} />
        <Download list={list.csv} params={{ filter, orderBy, columns: [...(list.csvMore ?? []), ...names] }} />
        <AsQuery query={list.query} variables={{ ...variables, first: 50 }} />
      </div>
      <Search view={view} label={`Search ${list.title.toLowerCase()}`} />
      {filters}
      {error && <Fault error={error} again={retry} />}
      {completeness && <Completeness {...completeness} />}
      {outdated && (
        <p className="notice" role="status">
          The list has changed. <button onClick={reload}>Read it again</button>
        </p>
      )}
      {total === 0 ? (
        <p className="empty">Nothing matches.</p>
      ) : (
        <Table
          key={JSON.stringify(variables)}
          label={list.title}
          columns={list.columns}
          shown={shown}
          rows={rows}
          total={total}
          sorting={sorting}
          onSort={(next) => view.set({ sort: sortText(next) })}
          onView={onView}
          onOpen={(row) => list.href && navigate(list.href(row))}
        />
      )}
    </div>
  )
}

/** For how long the visitor may pause while typing, in milliseconds. */
const typing = 120

function Search({ view, label }: { view: View; label: string }) {
  const given = view.one('search')
  const [value, setValue] = useState(given)
  useEffect(() => setValue(given), [given]) // also after the back button
  useEffect(() => {
    if (value === given) return
    const timer = setTimeout(() => view.set({ search: value }, given !== ''), typing)
    return () => clearTimeout(timer)
  }, [value])
  return (
    <input
      type="search"
      className="search"
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={(event) => setValue(event.target.value)}
      spellCheck={false}
      autoComplete="off"
    />
  )
}
