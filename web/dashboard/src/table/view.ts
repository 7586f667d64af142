import { useCallback } from 'react'
import { useSearchParams } from 'wouter'
import type { Column, Sorting } from './Table'

/** What the address says of a view: the search, the filters, the order and the columns. Each change of it is a change of the address. */
export interface View {
  params: URLSearchParams
  /** The value of a parameter; '' without one. */
  one(name: string): string
  /** The values of a parameter that may be there several times. */
  all(name: string): string[]
  /** Sets parameters; an empty value removes one. With replace, the back button skips the present address. */
  set(values: Record<string, string | string[]>, replace?: boolean): void
}

export function useView(): View {
  const [params, change] = useSearchParams()
  const set = useCallback<View['set']>(
    (values, replace = false) =>
      change(
        (before) => {
          const next = new URLSearchParams(before)
          for (const [name, value] of Object.entries(values)) {
            next.delete(name)
            for (const one of [value].flat()) if (one !== '') next.append(name, one)
          }
          return next
        },
        { replace },
      ),
    [change],
  )
  return { params, one: (name) => params.get(name) ?? '', all: (name) => params.getAll(name), set }
}

/** The order that the address names, such as sort=NAME or sort=-CREATED_AT, if a column has it. */
export function sortingOf(view: View, columns: Column<never>[] | Column<any>[], normal: Sorting | null): Sorting | null {
  const text = view.one('sort')
  const field = text.replace(/^-/, '')
  return columns.some(({ sort }) => sort === field) ? { field, descending: text.startsWith('-') } : normal
}

export const sortText = ({ field, descending }: Sorting) => (descending ? '-' : '') + field

/** The columns to show: those that the address names, or else those that are not optional. */
export function shownOf(view: View, columns: { id: string; optional?: boolean }[]): string[] {
  const named = view.one('columns').split(',')
  const found = columns.filter(({ id }) => named.includes(id))
  return (found.length > 0 ? found : columns.filter(({ optional }) => !optional)).map(({ id }) => id)
}
