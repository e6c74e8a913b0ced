import importSort from 'eslint-plugin-simple-import-sort';
import tseslint from 'typescript-eslint';
export default tseslint.config({ ignores: ['dist/', 'native/', 'node_modules/'] },{
 files: ['**/*.ts','**/*.mjs','**/*.js'], languageOptions:{parser: tseslint.parser}, plugins:{'import-sort':importSort}, linterOptions:{reportUnusedDisableDirectives:'off'},
 rules:{'import-sort/imports':['error',{groups:[['^\\u0000','^node:','^@?\\w','^','^\\.']]}]}});
