# Completion of boxlite for fish 3.4 and newer.
#   boxlite completion fish | source

function __boxlite_complete
    set -l words (commandline -opc)
    # Without its quotes, of which one may be open.
    set -l typed (commandline -ct)
    set -l word (string unescape -- "$typed"; or string unescape -- "$typed'"; or string unescape -- "$typed\"")
    set -l program $words[1]
    type -q -- $program; or set program boxlite
    set -l answer ($program __complete $words[2..] "$word" 2>/dev/null)
    set -q answer[1]; or return
    if test (count $answer) -gt 1
        printf '%s\n' $answer[1..-2]
    end
    # What stands in front of a path: --flag=
    set -l prefix (string match -r -- '^--[^=]+=' $word)
    set -l part (string replace -r -- '^--[^=]+=' '' $word)
    switch $answer[-1]
        case '*file*'
            for path in (__fish_complete_path "$part")
                # A name with a line feed comes in pieces, which are none.
                set -l name (string split -m 1 -f 1 \t -- $path | string replace -r -- '^~(?=/)' $HOME)
                test -e "$name"; or string match -q -- '~*' $name; or continue
                printf '%s\n' "$prefix$path"
            end
        case '*directory*'
            for path in (__fish_complete_directories "$part")
                printf '%s\n' "$prefix$path"
            end
    end
end

complete -c boxlite -f -a '(__boxlite_complete)'
