# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion: the candidates come from “plumctl __complete”.

_plumctl ()
{
  local line before="${COMP_LINE:0:COMP_POINT}"
  local -a words

  # bash splits words at colons, which a SPEC contains.
  read -r -a words <<< "$before"
  [[ "$before" == *[[:space:]] ]] && words+=('')

  COMPREPLY=()
  while IFS=$'\t' read -r line _; do
    [[ "${words[-1]}" == *:* ]] && line="${line#"${words[-1]%:*}:"}"
    COMPREPLY+=("$line")
  done < <("${words[0]}" __complete "${words[@]:1}" 2> /dev/null)

  [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *: ]] && compopt -o nospace
  return 0
}

complete -o default -F _plumctl plumctl
