# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion: the candidates come from “plumctl __complete”.

function __plumctl_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -e words[1]
    plumctl __complete $words "$last" 2>/dev/null
end

complete -c plumctl -f -a '(__plumctl_complete)'
