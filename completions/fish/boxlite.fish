# Completion of boxlite for fish 3.4 and newer.
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
        string match -q -- '*'\n'*' $path; and continue
        if test -d $path
            set path $path/
        else if string match -q -- '*directory*' $kind
            continue
        end
        set -q home[1]; and set path '~'(string sub -s (math 1 + (string length -- $home)) -- $path)
        printf '%s\n' "$prefix$path"
    end
end

function __boxlite_complete
    set -l words (commandline -opc)
    # Without its quotes, of which one may be open.
    set -l typed (commandline -ct)
    set -l word (string unescape -- "$typed"; or string unescape -- "$typed'"; or string unescape -- "$typed\"")
    set -l program $words[1]
    type -q -- $program; or set program boxlite
    type -q -- $program; or return
    set -l answer ($program __complete $words[2..] "$word" 2>/dev/null)
    set -q answer[1]; or return
    if test (count $answer) -gt 1
        printf '%s\n' $answer[1..-2]
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
