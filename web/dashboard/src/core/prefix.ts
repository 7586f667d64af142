import { stringifyDocument } from '@urql/core'
import type { DocumentNode } from 'graphql'

// The server writes its setting federation.prefix into the page: types and root fields have other names then.
const prefix = document.querySelector<HTMLMetaElement>('meta[name="roster-prefix"]')?.content ?? ''

const rootField = (name: string) => {
  if (name.startsWith('__')) return name
  const first = prefix.charAt(0).toLowerCase() + prefix.slice(1)
  return first + (prefix.endsWith('_') ? name : name.charAt(0).toUpperCase() + name.slice(1))
}

// Scalars keep their names.
const scalars = new Set(['ID', 'String', 'Int', 'Float', 'Boolean', 'DateTime', 'URL', 'JSON'])

type Tree = { kind?: string; [key: string]: unknown }

/** Renames what a part of a document names. A renamed root field keeps its response key, so answers look the same. */
function rename(node: unknown, root = false): unknown {
  if (Array.isArray(node)) return node.map((item) => rename(item, root))
  if (node === null || typeof node !== 'object') return node
  const { kind, ...parts } = node as Tree
  if (kind === 'NamedType') {
    const name = (parts.name as { value: string }).value
    return { kind, name: { kind: 'Name', value: scalars.has(name) ? name : prefix + name } }
  }
  if (kind === 'Field' && root) {
    const name = parts.name as { value: string }
    const selectionSet = rename(parts.selectionSet)
    return { ...(node as Tree), alias: parts.alias ?? name, name: { kind: 'Name', value: rootField(name.value) }, selectionSet }
  }
  const below = kind === 'OperationDefinition' || (kind === 'SelectionSet' && root)
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, rename(value, below && (key === 'selectionSet' || key === 'selections'))]))
}

const renamed = new WeakMap<object, DocumentNode>()

/** The document with the names that this server gives to types and root fields. */
export function withPrefix<D extends DocumentNode>(document: D): D {
  if (prefix === '') return document
  let found = renamed.get(document)
  if (!found) {
    found = rename(document) as DocumentNode
    renamed.set(document, found)
  }
  return found as D
}

/** The text of a document, as this server understands it. */
export const text = (document: DocumentNode) => stringifyDocument(withPrefix(document))
