import importSort from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';

/** Node's own modules, packages, then ours from the outermost folder inwards, without blank lines between. */
const IMPORT_ORDER = [['^\\u0000', '^node:', '^@?\\w', '^', '^\\.']];

export default tseslint.config(
  { ignores: ['dist/', 'native/', 'node_modules/'] },
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    plugins: { 'import-sort': importSort },
    rules: { 'import-sort/imports': ['error', { groups: IMPORT_ORDER }] },
  },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // A number in a message is what it is; the rule would only add String() around it.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // A lock is held by being there.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
    },
  },
  {
    // Their types are checked as well (checkJs); the rules for typed code would need a type at each import.
    files: ['src/build/*.mjs', 'examples/*.mjs'],
    extends: [tseslint.configs.strict, tseslint.configs.stylistic],
  },
);
