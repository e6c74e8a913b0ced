/**
 * The scripts that the shells load. They contain no verb and no flag: they ask the program that they complete
 * (`boxlite __complete`, answer.ts), so they never become outdated.
 */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The file name under which each shell finds the script in its own directory. */
export const SCRIPT_FILES: Readonly<Record<Shell, string>> = {
  bash: 'boxlite',
  zsh: '_boxlite',
  fish: 'boxlite.fish',
};

const BASH = `# Completion of boxlite for bash 4.4 and newer.
#   source <(boxlite completion bash)

# Sets $text to what the typed word stands for, $quote to a quote that is open at its end, and $before to what
# stands before that.
_boxlite_unquote() {
  local typed=$1 char i
  text='' quote='' before=''
  for ((i = 0; i < \${#typed}; i++)); do
    char=\${typed:i:1}
    if [[ $char == "$quote" ]]; then
      quote=''
    elif [[ -z $quote && ($char == \\' || $char == '"') ]]; then
      quote=$char before=$text
    elif [[ $char == \\\\ && $quote != \\' && -n \${typed:i+1} ]]; then
      # Between double quotes it is one itself, unless what follows would mean something there.
      [[ -n $quote && \${typed:i+1:1} != [\\$\\\`\\"\\\\] ]] && text+=$char
      ((++i))
      text+=\${typed:i:1}
    else
      text+=$char
    fi
  done
}

_boxlite() {
  local -a words=() answer=()
  local text quote before
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
  for i in "\${!words[@]}"; do
    _boxlite_unquote "\${words[i]}"
    words[i]=$text
  done
  cur=\${words[-1]}

  local program=\${words[0]}
  type -P -- "$program" >/dev/null || program=boxlite
  mapfile -t answer < <("$program" __complete "\${words[@]:1}" 2>/dev/null)
  ((\${#answer[@]} > 0)) || return 0
  local end=\${answer[-1]}
  unset 'answer[-1]'

  # What bash keeps of the word: all up to the last character that it cuts at, or to the quote that is open.
  local breaks='' kept='' offer path=$cur
  [[ $cur == --*=* ]] && path=\${cur#*=}
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
  [[ -n $breaks ]] && kept=\${cur%"\${cur##*[$breaks]}"}
  [[ -n $quote ]] && kept=$before
  COMPREPLY=()
  for offer in "\${answer[@]}"; do
    offer=\${offer%%$'\\t'*}
    COMPREPLY+=("\${offer#"$kept"}")
  done
  [[ $end == *open* ]] && compopt -o nospace
  case $end in
    *file*)
      # Bash's own way does not know of paths with : and =
      if ((\${#COMPREPLY[@]} == 0)) && [[ $kept != *:* && $path != *=* ]]; then
        compopt -o default
      else
        compopt -o filenames
        mapfile -t answer < <(compgen -f -- "$path")
        for offer in "\${answer[@]}"; do
          offer=\${cur%"$path"}$offer
          COMPREPLY+=("\${offer#"$kept"}")
        done
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

# Not fish's own, which takes a name with a dash in front for an option and does not know of ~.
function __boxlite_paths -a prefix part kind
    set -l place "$part"
    set -l home
    if string match -q -- '~/*' $part
        set home $HOME
        set place $home(string sub -s 2 -- $part)
    end
    for path in "$place"*
        # Of a name with a line feed, fish would make two.
        string match -q -- '*'\\n'*' $path; and continue
        if test -d $path
            set path $path/
        else if string match -q -- '*directory*' $kind
            continue
        end
        set -q home[1]; and set path '~'(string sub -s (math 1 + (string length -- $home)) -- $path)
        printf '%s\\n' "$prefix$path"
    end
end

function __boxlite_complete
    set -l words (commandline -opc)
    # Without its quotes, of which one may be open.
    set -l typed (commandline -ct)
    set -l word (string unescape -- "$typed"; or string unescape -- "$typed'"; or string unescape -- "$typed\\"")
    set -l program $words[1]
    type -q -- $program; or set program boxlite
    type -q -- $program; or return
    set -l answer ($program __complete $words[2..] "$word" 2>/dev/null)
    set -q answer[1]; or return
    if test (count $answer) -gt 1
        printf '%s\\n' $answer[1..-2]
    end
    # What stands in front of a path: --flag=
    set -l prefix (string match -r -- '^--[^=]+=' $word)
    set -l part (string replace -r -- '^--[^=]+=' '' $word)
    switch $answer[-1]
        case '*file*' '*directory*'
            __boxlite_paths "$prefix" "$part" $answer[-1]
    end
end

complete -c boxlite -f -a '(__boxlite_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
