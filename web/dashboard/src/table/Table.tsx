import { columnVisibilityFeature, rowSortingFeature, tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'

/** A column of a table. */
export interface Column<Row> {
  id: string
  title: string
  /** The width in CSS pixels. The first column takes what is left. */
  width: number
  /** By which value of the list's order field it sorts. */
  sort?: string
  /** The columns of a CSV file with the same values. */
  csv?: string
  /** Whether the visitor has to choose it. */
  optional?: boolean
  cell(row: Row): ReactNode
}

export interface Sorting {
  field: string
  descending: boolean
}

interface Props<Row extends { id: string }> {
  label: string
  columns: Column<Row>[]
  /** The names of the columns to show. */
  shown: string[]
  /** By their index; undefined where a row has not been read. */
  rows: (Row | undefined)[]
  total: number | null
  sorting: Sorting | null
  onSort(sorting: Sorting): void
  /** Called with the range of rows in view. */
  onView(first: number, last: number): void
  /** Called when the visitor opens a row by a key. */
  onOpen?(row: Row): void
}

const features = tableFeatures({ columnVisibilityFeature, rowSortingFeature })

const rowHeight = 40

/** The head lies over the rows: its height, with the line below it. */
const headHeight = 41

/**
 * A table of any length: only the rows in view are in the document. Sorting, filters and pages are the server's. Arrow keys, Page Up, Page
 * Down, Home and End move between rows, Enter opens one.
 */
export function Table<Row extends { id: string }>({ label, columns, shown, rows, total, sorting, onSort, onView, onOpen }: Props<Row>) {
  const scroller = useRef<HTMLDivElement>(null)
  const [active, setActive] = useState(-1)
  const count = total ?? 0
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // What the head and a scroll bar take from the height, so that a row that is moved to is in view.
    scrollPaddingEnd: headHeight + (scroller.current ? scroller.current.offsetHeight - scroller.current.clientHeight : 0),
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => onView(first, last), [first, last, count, rows])

  const definitions = useMemo<ColumnDef<typeof features, Row>[]>(
    () =>
      columns.map((column) => ({
        id: column.id,
        header: column.title,
        enableSorting: column.sort !== undefined,
        cell: ({ row }) => column.cell(row.original),
      })),
    [columns],
  )
  const data = useMemo(() => rows.slice(first, last + 1).filter((row) => row !== undefined), [rows, first, last])
  const table = useTable({
    features,
    columns: definitions,
    data,
    getRowId: (row) => row.id,
    manualSorting: true,
    state: {
      columnVisibility: Object.fromEntries(columns.map(({ id }) => [id, shown.includes(id)])),
      sorting: columns.filter(({ sort }) => sort && sort === sorting?.field).map(({ id }) => ({ id, desc: sorting?.descending ?? false })),
    },
  })
  const models = new Map(table.getRowModel().rows.map((model) => [model.original, model]))
  const template = columns
    .filter(({ id }) => shown.includes(id))
    .map(({ width }, i) => (i === 0 ? `minmax(${width}px, 2fr)` : `minmax(${width}px, 1fr)`))
    .join(' ')
  const least = columns.filter(({ id }) => shown.includes(id)).reduce((sum, { width }) => sum + width, 0)

  const move = (index: number) => {
    const next = Math.max(0, Math.min(count - 1, index))
    setActive(next)
    virtual.scrollToIndex(next)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return
    const page = Math.max(1, Math.floor((scroller.current.clientHeight - rowHeight) / rowHeight) - 1)
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active < 0 ? 0 : active - 1,
      PageDown: Math.max(active, 0) + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    }
    const to = moves[event.key]
    const row = rows[active]
    if (to !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault()
      move(to)
    } else if (event.key === 'Enter' && row && onOpen) {
      event.preventDefault()
      onOpen(row)
    }
  }
  const rowName = (index: number) => `${label.replaceAll(' ', '-')}-row-${index}`

  return (
    <div
      className="table"
      role="grid"
      aria-label={label}
      aria-rowcount={total === null ? -1 : total + 1}
      aria-colcount={shown.length}
      aria-activedescendant={active >= first && active <= last ? rowName(active) : undefined}
      tabIndex={0}
      ref={scroller}
      onKeyDown={keys}
    >
      <div role="rowgroup" className="table-head" style={{ minWidth: least }}>
        {table.getHeaderGroups().map((group) => (
          <div role="row" aria-rowindex={1} className="table-row" key={group.id} style={{ gridTemplateColumns: template }}>
            {group.headers.map((header) => {
              const column = columns.find(({ id }) => id === header.column.id)
              const direction = header.column.getIsSorted()
              return (
                <div
                  role="columnheader"
                  key={header.id}
                  className="table-cell"
                  aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : undefined}
                >
                  {column?.sort ? (
                    <button type="button" className="sort" onClick={() => onSort({ field: column.sort ?? '', descending: direction === 'asc' })}>
                      {column.title}
                      <span aria-hidden="true">{direction === 'asc' ? ' ↑' : direction === 'desc' ? ' ↓' : ''}</span>
                    </button>
                  ) : (
                    column?.title
                  )}
                </div>
              )
            })}
          </div>
        ))}
      </div>
      <div role="rowgroup" className="table-body" style={{ height: virtual.getTotalSize(), minWidth: least }}>
        {items.map(({ index, start }) => {
          const row = rows[index]
          const model = row && models.get(row)
          return (
            <div
              role="row"
              id={rowName(index)}
              aria-rowindex={index + 2}
              key={index}
              className={index === active ? 'table-row active' : 'table-row'}
              data-loaded={model !== undefined}
              style={{ gridTemplateColumns: template, height: rowHeight, transform: `translateY(${start}px)` }}
              onClick={() => setActive(index)}
            >
              {model
                ? model.getVisibleCells().map((cell) => (
                    <div role="gridcell" className="table-cell" key={cell.id}>
                      <table.FlexRender cell={cell} />
                    </div>
                  ))
                : shown.map((id) => (
                    <div role="gridcell" className="table-cell loading" key={id}>
                      …
                    </div>
                  ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
