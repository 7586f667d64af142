import type { ComponentType } from 'react'
import { Contacts } from './Contacts'
import { Folders } from './Folders'
import { Overview } from './Overview'
import { People } from './People'
import { Person } from './Person'
import { Review } from './Review'
import { Roles } from './Roles'
import { Sources } from './Sources'
import { Teams } from './Teams'

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
  { path: '/sources', title: 'Sources', Page: Sources, inMenu: true },
  { path: '/people', title: 'People', Page: People, inMenu: true },
  { path: '/person', title: 'Person', Page: Person, inMenu: false },
  { path: '/review', title: 'Access review', Page: Review, inMenu: true },
  { path: '/teams', title: 'Teams', Page: Teams, inMenu: true },
  { path: '/roles', title: 'Roles', Page: Roles, inMenu: true },
  { path: '/contacts', title: 'Contacts', Page: Contacts, inMenu: true },
  { path: '/folders', title: 'Folders', Page: Folders, inMenu: true },
]
