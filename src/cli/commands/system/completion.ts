import { SCRIPTS, type Shell, SHELLS } from '../../completion/scripts.js';
import { closest } from '../../parse/closest.js';
import { defineCommand } from '../../parse/command.js';
import { usageError } from '../../parse/usage-error.js';
import { print } from '../../process/context.js';

export const completion = defineCommand({
  name: 'completion',
  group: 'system',
  summary: 'Print what makes a shell complete boxlite command lines',
  description:
    'Verbs, flags and their values, boxes and images by name, signals, filters, files.\n' +
    'For every new shell:\n' +
    '  bash   put it into ~/.local/share/bash-completion/completions/boxlite\n' +
    '         or, without the package bash-completion, into ~/.bashrc:\n' +
    '         source <(boxlite completion bash)\n' +
    '  zsh    in ~/.zshrc, after compinit:\n' +
    '         source <(boxlite completion zsh)\n' +
    '  fish   put it into ~/.config/fish/completions/boxlite.fish',
  args: [{ name: 'SHELL', summary: 'bash, zsh or fish', complete: SHELLS }],
  options: {},
  examples: [{ command: 'source <(boxlite completion bash)', what: 'In this bash' }],
  async run(context, [shell = '']) {
    if (!isShell(shell)) {
      const meant = closest(shell, SHELLS);
      throw usageError(
        `there is no completion for '${shell}', only for ${SHELLS.join(', ')}`,
        'completion',
        meant === undefined ? '' : `Did you mean '${meant}'? `,
      );
    }
    await print(context, SCRIPTS[shell]);
    return 0;
  },
});

function isShell(text: string): text is Shell {
  return (SHELLS as readonly string[]).includes(text);
}
