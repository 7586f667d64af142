import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: '../../graph/schema/*.graphqls',
  documents: ['src/**/*.{ts,tsx}', '!src/gql/**'],
  config: {
    enumsAsTypes: true,
    scalars: { DateTime: 'string', ID: 'string', JSON: 'unknown', URL: 'string' },
    strictScalars: true,
    useTypeImports: true,
  },
  generates: { 'src/gql/': { preset: 'client', presetConfig: { fragmentMasking: false } } },
}

export default config
