# SPDX-License-Identifier: LGPL-2.1-or-later
# bash completion: the candidates come from “plumctl __complete”.

# The command after "plumctl run ... --".
_plumctl_tail ()
{
  local i

  for ((i = 2; i < COMP_CWORD; i++)); do
    [[ "${COMP_WORDS[i]}" == -- ]] || continue
    if declare -F _command_offset > /dev/null; then
      _command_offset $((i + 1))
    elif ((i + 1 == COMP_CWORD)); then
      mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    fi
    return 0
  done
  return 1
}

_plumctl ()
{
  local line last breaks before="${COMP_LINE:0:COMP_POINT}" prefix=''
  local -a words

  COMPREPLY=()
  [[ "${COMP_WORDS[1]}" == run ]] && _plumctl_tail && return 0

  read -r -a words <<< "$before"
  [[ "$before" == *[[:space:]] ]] && words+=('')
  last="${words[-1]}"

  # bash splits words at these characters, and replaces only the part after the last one.
  breaks="${COMP_WORDBREAKS//[^:=]/}"
  [[ -n "$breaks" && "$last" == *["$breaks"]* ]] && prefix="${last%"${last##*["$breaks"]}"}"

  while IFS=$'\t' read -r line _; do
    COMPREPLY+=("${line#"$prefix"}")
  done < <("${words[0]}" __complete "${words[@]:1}" 2> /dev/null)

  [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *: ]] && compopt -o nospace
  return 0
}

complete -o default -F _plumctl plumctl
