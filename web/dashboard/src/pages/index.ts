import type { ComponentType } from 'react'
import { Overview } from './Overview'
import { People } from './People'
import { Person } from './Person'

export interface PageOf {
  /** One level deep: the page finds its files relative to its address. `views` in web/web.go lists the same paths. */
  path: string
  title: string
  Page: ComponentType
  /** Whether the navigation has a link to it. */
  inMenu: boolean
}

/** All pages, in the order of the navigation. */
export const pages: PageOf[] = [
  { path: '/', title: 'Overview', Page: Overview, inMenu: true },
  { path: '/people', title: 'People', Page: People, inMenu: true },
  { path: '/person', title: 'Person', Page: Person, inMenu: false },
]
