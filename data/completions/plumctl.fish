# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion: the candidates come from “plumctl __complete”.

function __plumctl_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l program $words[1]
    set -e words[1]

    # The command after "plumctl run ... --".
    if test "$words[1]" = run; and set -l tail (contains -i -- -- $words)
        set -e words[1..$tail]
        complete -C (string join ' ' -- (string escape -- $words) "$last")
        return
    end

    set -l found ($program __complete $words "$last" 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\n' $found
    else
        __fish_complete_path "$last"
    end
end

complete -c plumctl -f -a '(__plumctl_complete)'
