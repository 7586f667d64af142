import type { ComponentType } from 'react'
import { People } from './People'

export interface PageOf {
  /** One level deep: the page finds its files relative to its address. web/dashboard.go lists the same paths. */
  path: string
  title: string
  Page: ComponentType
  /** Whether the navigation has a link to it. */
  inMenu: boolean
}

/** All pages, in the order of the navigation. */
export const pages: PageOf[] = [{ path: '/people', title: 'People', Page: People, inMenu: true }]
