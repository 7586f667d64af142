import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { noImagePreview } from './build/no-image-preview.js'
import { notices } from './build/notices.js'

const jsonFormat = fileURLToPath(new URL('src/json-format.js', import.meta.url))

// Directives such as "use client" are for servers that render React; there is none here.
const quiet = (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning)

const licences = notices()

export default defineConfig({
  base: './', // relative, so that a proxy may serve the page under a path of its own
  plugins: [noImagePreview(), licences.page],
  resolve: {
    alias: {
      'prettier/parser-babel': jsonFormat,
      'prettier/plugins/estree': jsonFormat,
      'prettier/parser-graphql': 'prettier/plugins/graphql', // one thing under two names, else in the page twice
    },
  },
  worker: { format: 'es', plugins: () => [licences.worker], rolldownOptions: { output: { codeSplitting: false } } },
  build: {
    target: 'es2022',
    license: { fileName: 'licenses.md' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 4096,
    rolldownOptions: {
      onwarn: quiet,
      output: {
        // Few files: without this each small module that is loaded on demand is one of its own.
        codeSplitting: {
          groups: [
            { name: 'editor', test: /\/node_modules\/monaco-/ },
            { name: 'prettier', test: /\/node_modules\/prettier\/|\/json-format\.js$/ },
          ],
        },
      },
    },
  },
})
