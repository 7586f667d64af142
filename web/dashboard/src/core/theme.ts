import { stored } from './paths'
import { shared } from './state'

const key = `${stored}theme`

export type Theme = 'system' | 'light' | 'dark'

const kept = localStorage.getItem(key)

/** The colours that the visitor has chosen. The style sheet follows the attribute. */
export const theme = shared<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system')

const apply = () => {
  document.documentElement.dataset['theme'] = theme.get()
}

apply()

export function choose(next: Theme) {
  if (next === 'system') localStorage.removeItem(key)
  else localStorage.setItem(key, next)
  theme.set(next)
  apply()
}
