# SPDX-License-Identifier: ISC
# bash completion for every program of e2e. The words come from --help, which
# comes from the option tables, so there is nothing to keep in step here.
#   install: copy to /usr/share/bash-completion/completions/e2e-run and link
#   the other programs' names to it, or source it from ~/.bashrc.

_e2e()
{
	local cur=${COMP_WORDS[COMP_CWORD]} help words
	help=$("${COMP_WORDS[0]}" --help 2>/dev/null) || return
	case "$cur" in
	-*)
		words=$(grep -oE -- '--[a-z0-9][a-z0-9.-]*=?' <<<"$help" | sort -u)
		;;
	*)
		[ "$COMP_CWORD" -eq 1 ] && words=$(sed -n \
		    '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p' <<<"$help")
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${words-}" -- "$cur")
	[ "${#COMPREPLY[@]}" -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
}
complete -F _e2e e2e-gate e2e-lint e2e-probe e2e-query e2e-run e2e-scheduler \
    e2e-store e2e-web
