/**
 * What the shells load. The scripts know no verb and no flag: they ask the program that they complete
 * for (`boxlite __complete`, answer.ts), so that they never fall behind it.
 */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** Under the name by which the shell finds it in its own directory. */
export const SCRIPT_FILES: Readonly<Record<Shell, string>> = {
  bash: 'boxlite',
  zsh: '_boxlite',
  fish: 'boxlite.fish',
};

const BASH = `# Completion of boxlite for bash 4.4 and newer.
#   source <(boxlite completion bash)

_boxlite() {
  local -a words=() answer=()
  local cur='' rest=\${COMP_LINE:0:COMP_POINT} piece blanks i
  # Words as they were typed: bash has also cut them at = and :
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blanks=\${rest%%[![:space:]]*}
    rest=\${rest:\${#blanks}}
    piece=\${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || piece=$rest
    rest=\${rest:\${#piece}}
    if ((i > 0)) && [[ -z $blanks ]]; then
      words[-1]+=$piece
    else
      words+=("$piece")
    fi
  done
  cur=\${words[-1]}

  local program=\${words[0]}
  type -P -- "$program" >/dev/null || program=boxlite
  mapfile -t answer < <("$program" __complete "\${words[@]:1}" 2>/dev/null)
  ((\${#answer[@]} > 0)) || return 0
  local end=\${answer[-1]}
  unset 'answer[-1]'

  # What bash keeps of the word: all up to the last character that it cuts at.
  local breaks='' kept='' offer
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
  [[ -n $breaks ]] && kept=\${cur%"\${cur##*[$breaks]}"}
  COMPREPLY=()
  for offer in "\${answer[@]}"; do
    offer=\${offer%%$'\\t'*}
    COMPREPLY+=("\${offer#"$kept"}")
  done
  [[ $end == *open* ]] && compopt -o nospace
  case $end in
    *file*)
      if ((\${#COMPREPLY[@]} == 0)); then
        compopt -o default
      else
        compopt -o filenames
        mapfile -t answer < <(compgen -f -- "$cur")
        COMPREPLY+=("\${answer[@]}")
      fi
      ;;
    *directory*) compopt -o dirnames ;;
  esac
  return 0
}

complete -F _boxlite boxlite
`;

const ZSH = `#compdef boxlite
# Completion of boxlite for zsh.
#   source <(boxlite completion zsh)      (after compinit)

_boxlite() {
  local program=\${(Q)words[1]} end line text about
  local -a answer offers options
  (( $+commands[$program] )) || [[ -x $program ]] || program=boxlite
  answer=("\${(@f)$($program __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  end=\${answer[-1]}
  for line in "\${(@)answer[1,-2]}"; do
    text=\${line%%$'\\t'*}
    about=\${line#*$'\\t'}
    offers+=("\${text//:/\\\\:}\${about:+:\$about}")
  done
  [[ $end == *open* ]] && options=(-S '')
  (( \${#offers} )) && _describe -t values boxlite offers "\${(@)options}"
  if [[ $end == *file* || $end == *directory* ]]; then
    [[ $PREFIX == --*=* ]] && compset -P '*='
    if [[ $end == *directory* ]]; then _files -/; else _files; fi
  fi
}

# Found in fpath it is the function's body, otherwise it is sourced.
if [[ $funcstack[1] == _boxlite ]]; then
  _boxlite "$@"
else
  compdef _boxlite boxlite
fi
`;

const FISH = `# Completion of boxlite for fish 3.4 and newer.
#   boxlite completion fish | source

function __boxlite_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program $words[1]
    type -q -- $program; or set program boxlite
    set -l answer ($program __complete $words[2..] "$word" 2>/dev/null)
    set -q answer[1]; or return
    if test (count $answer) -gt 1
        printf '%s\\n' $answer[1..-2]
    end
    # What stands in front of a path: --flag=
    set -l prefix (string match -r -- '^--[^=]+=' $word)
    set -l part (string replace -r -- '^--[^=]+=' '' $word)
    switch $answer[-1]
        case '*file*'
            for path in (__fish_complete_path "$part")
                printf '%s\\n' "$prefix$path"
            end
        case '*directory*'
            for path in (__fish_complete_directories "$part")
                printf '%s\\n' "$prefix$path"
            end
    end
end

complete -c boxlite -f -a '(__boxlite_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
