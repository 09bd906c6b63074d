# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# installer/client/bascule.completion.sh - bash completion of bascule, and of rauc where it is ours

_bascule_slots()
{
	bascule status --output-format=shell 2>/dev/null |
		sed -n "s/^RAUC_SYSTEM_SLOTS='\(.*\)'$/\1/p"
}

# the verb: the first word that is neither an option nor the value of one
_bascule_verb()
{
	local i

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-c | -C | --conf | --confopt | --mount | --override-boot-slot | --keyring | --run-dir)
			((i++)) ;;
		-*) ;;
		*)
			echo "${COMP_WORDS[i]}"
			return ;;
		esac
	done
}

_bascule_options()
{
	case $1 in
	install)
		echo --ignore-compatible --ignore-version-limit --force-on-trial \
			--require-manifest-hash= --transaction-id= --handler-args= --progress \
			--no-progress --output-format= ;;
	status) echo --detailed --output-format= ;;
	info | result | doctor) echo --output-format= ;;
	esac
	echo --standalone --conf --confopt --mount --override-boot-slot --keyring --run-dir --debug \
		--version --help
}

_bascule()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb

	verb=$(_bascule_verb)
	COMPREPLY=()
	[ "$cur" = = ] && cur=
	case $prev in
	= | --output-format)
		mapfile -t COMPREPLY < <(compgen -W "readable shell json json-pretty" -- "$cur")
		return ;;
	-c | --conf | --keyring)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--mount | --run-dir)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return ;;
	mark-good | mark-bad | mark-active | good | bad | active)
		mapfile -t COMPREPLY < <(compgen -W "booted other $(_bascule_slots)" -- "$cur")
		return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_bascule_options "$verb")" -- "$cur")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
		return
	fi
	case $verb in
	"") mapfile -t COMPREPLY < <(compgen -W "install status mark info result cancel doctor" \
		-- "$cur") ;;
	install | info) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	status) mapfile -t COMPREPLY < <(compgen -W "mark-good mark-bad mark-active" -- "$cur") ;;
	mark) mapfile -t COMPREPLY < <(compgen -W "good bad active" -- "$cur") ;;
	esac
}

_bascule_rauc()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb

	verb=$(_bascule_verb)
	COMPREPLY=()
	case $verb in
	"") mapfile -t COMPREPLY < <(compgen -W "bundle resign encrypt replace-signature \
		extract-signature extract install info service status" -- "$cur") ;;
	status) mapfile -t COMPREPLY < <(compgen -W "mark-good mark-bad mark-active booted other \
		$(_bascule_slots)" -- "$cur") ;;
	*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	esac
}

complete -o filenames -F _bascule bascule
