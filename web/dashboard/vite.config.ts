import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  base: './', // relative, so that a proxy may serve the pages under a path of its own; so each page is one level deep
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the policy allows no data: URLs
    license: { fileName: 'dashboard-licenses.md' },
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:8080', ws: true }, '/export': 'http://127.0.0.1:8080' } },
})
