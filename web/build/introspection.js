// Writes what the graph tells of itself, from its schema, for the browser test: npm run introspection.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { buildASTSchema, concatAST, introspectionFromSchema, parse, Source } from 'graphql'

const schema = new URL('../../graph/schema/', import.meta.url)
const files = readdirSync(schema).filter((name) => name.endsWith('.graphqls')).sort()
const document = concatAST(files.map((name) => parse(new Source(readFileSync(new URL(name, schema), 'utf8'), name))))

// The federation's directives are defined by the server, not in the files. Every "extend type" is taken for a part of its type.
const graph = buildASTSchema(document, { assumeValidSDL: true })
writeFileSync(new URL('../testdata/introspection.json', import.meta.url), JSON.stringify({ data: introspectionFromSchema(graph) }) + '\n')
