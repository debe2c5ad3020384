# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of popgate, popgated and popgate-login in bash 4.2 or later, with and without the package bash-completion.
#
# Commands, options, and what their values are, are read from --help each time: none is named here. What stands there for a
# value says what is offered: FILE, PATH, PROGRAM: files; FOLDER: folders; ADDRESS, CIDR: addresses with a login; USER: who
# logged in; NOTE: numbers of notes; COMMAND: commands; GROUP.KEY=VALUE: settings; words in small letters: these themselves.
# If an option's summary ends with words as a|b|c, these are offered.
#
# Names of users were chosen by whoever logged in. They are never expanded: no eval, no compgen -W, and printf %q quotes them.

# --- what the line has ---------------------------------------------------------------------------------------------------

# Sets words: those before the cursor, the last perhaps empty. COMP_WORDS has them cut at COMP_WORDBREAKS, as addresses are.
_popgate_read_line() {
    local line=${COMP_LINE:0:COMP_POINT} rest word i

    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:blank:]]*}"}
        word=${COMP_WORDS[i]}
        [[ $i -lt $COMP_CWORD ]] || word=$rest
        if [[ $i -gt 0 && $rest == "$line" && $line ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        line=${rest#"$word"}
    done
}

# The line says that popgated is asked otherwise. If that would have to be expanded first, it is not asked.
_popgate_place() {
    case $1 in
        -c | --config | --socket) where+=("$1" "${2/#\~\//$HOME/}") ;;
        *) return ;;
    esac
    [[ $2 != *[\\\'\"\$\`]* ]] || may_ask=
}

# Goes over all words but the last. Sets command, help (that of the command), n_operands, and value if the last is an option's.
_popgate_walk() {
    local word option

    for word in "${words[@]:1:${#words[@]} - 2}"; do
        if [[ $value ]]; then
            _popgate_place "$option" "$word"
            value=
        elif [[ $options_ended || $word != -?* ]]; then
            _popgate_take_operand "$word" || return
        elif [[ $word == -- ]]; then
            options_ended=yes
        elif [[ $word == --*=* ]]; then
            _popgate_place "${word%%=*}" "${word#*=}"
        else
            option=$word
            value=$(_popgate_value_of "$word")
        fi
    done
}

# Only what is a command is ever run.
_popgate_take_operand() {
    if [[ $commands && ! $command ]]; then
        [[ $'\n'$commands$'\n' == *$'\n'"$1"$'\n'* ]] || return
        command=$1
        help=$(_popgate_help "$1")
    else
        n_operands=$((n_operands + 1))
    fi
}

# --- what --help says ----------------------------------------------------------------------------------------------------

_popgate_help() {
    "$program" "$@" --help 2>/dev/null </dev/null
}

_popgate_commands() {
    sed -n '/^Commands:$/,/^$/ s/^  \([a-z][a-z-]*\) .*/\1/p' <<<"$help"
}

_popgate_options() {
    sed -n -e h -e 's/^  \(-[A-Za-z]\), --.*/\1/p' -e g -e 's/^  \(-[A-Za-z], \)\{0,1\}\(--[a-z-]*\).*/\2/p' <<<"$help"
}

# What the option $1 wants; if its summary ends with a list of words, "=" and these; nothing if it stands alone.
_popgate_value_of() {
    local line form='^  ((-[A-Za-z]), )?(--[a-z-]+)=([^ ]+)(.* ([A-Za-z0-9_]+([|][A-Za-z0-9_]+)+)$)?'

    while IFS= read -r line; do
        [[ $line =~ $form && ( $1 == "${BASH_REMATCH[2]}" || $1 == "${BASH_REMATCH[3]}" ) ]] || continue
        printf '%s' "${BASH_REMATCH[6]:+=}${BASH_REMATCH[6]:-${BASH_REMATCH[4]}}"
        return
    done <<<"$help"
}

# What the next operand is; the last may come again if it says so by "...".
_popgate_operand() {
    local operands
    local -i last

    read -r -a operands < <(sed -n 's/^  popgate[^[]*\[OPTION[^]]*\] *//p' <<<"$help")
    last=${#operands[@]}-1
    if [[ $n_operands -le $last ]]; then
        printf '%s' "${operands[n_operands]}"
    elif [[ $last -ge 0 && ${operands[last]} == *...* ]]; then
        printf '%s' "${operands[last]}"
    fi
}

# --- what popgated knows -------------------------------------------------------------------------------------------------

# Waits for two seconds at most, and says nothing if there is no answer.
_popgate_ask() {
    [[ ! $may_ask ]] || timeout 2 "$program" "${where[@]}" "$@" 2>/dev/null </dev/null
}

# Field $1 of grants, if it begins as $2: at most 200, of the first 20000. In the list a backslash stands before quotes, and for
# each byte that is no printable ASCII: names with one are not offered.
_popgate_grants() {
    local net=()

    [[ $1 != 1 ]] || case $2 in
        [0-9]*.*.*.*) net=(--net "${2%.*}.0/24") ;;
        [0-9]*.*.*) net=(--net "${2%.*}.0.0/16") ;;
        [0-9]*.*) net=(--net "${2%.*}.0.0.0/8") ;;
    esac
    _popgate_ask list --expired "${net[@]}" | typed=$2 awk -F '\t' -v field="$1" '
        NR > 20000 { exit }
        $field ~ /\\/ || $field == "-" || index($field, ENVIRON["typed"]) != 1 || seen[$field]++ { next }
        { print $field }
        ++n == 200 { exit }'
}

_popgate_notes() {
    _popgate_ask --json status | tr '{' '\n' | sed -n 's/^"note":\([0-9]*\),.*/\1/p' | head -n 200
}

_popgate_settings() {
    "$program" --help-config 2>/dev/null </dev/null |
        awk '/^\[/ { group = substr($1, 2, length($1) - 2) } /^[a-z0-9_]+ =/ { print group "." $1 "=" }'
}

# --- what is offered -----------------------------------------------------------------------------------------------------

# Candidates for $1, one word of $2, what --help calls a value. popgated is asked once: CIDR has what ADDRESS has, and no address
# begins as user:USER.
_popgate_candidates() {
    local typed=${cur%%[\\\'\"\$\`]*} # what is quoted is compared later

    case $1 in
        ADDRESS) [[ $2 == *CIDR* ]] || _popgate_grants 1 "$typed" | sed 's|/.*||' ;;
        CIDR) [[ $typed == [a-z]*:* && $2 == *"${typed%%:*}:USER"* ]] || _popgate_grants 1 "$typed" ;;
        USER) _popgate_grants 4 "$typed" ;;
        [a-z]*:USER)
            if [[ $typed == "${1%USER}"* ]]; then
                _popgate_grants 4 "${typed#"${1%USER}"}" | sed "s/^/${1%USER}/"
            else
                printf '%s\n' "${1%USER}"
            fi ;;
        NOTE) _popgate_notes ;;
        COMMAND) printf '%s\n' "$commands" ;;
        GROUP.KEY=VALUE) _popgate_settings ;;
        [a-z]*) printf '%s\n' "$1" ;;
    esac
}

# Offers those lines of the standard input that begin as what was typed. Within quotes only what needs none is offered.
_popgate_offer() {
    local line quoted word=$lead$cur # what readline replaces

    if [[ ! $is_quoted ]]; then
        [[ $COMP_WORDBREAKS == *:* ]] && word=${word##*:}
        [[ $COMP_WORDBREAKS == *=* ]] && word=${word##*=}
        [[ $COMP_WORDBREAKS == *@* && $word == *@* ]] && word=@${word##*@}
    fi
    while IFS= read -r line; do
        printf -v quoted %q "$line"
        [[ $quoted == "$cur"* ]] && [[ ! $is_quoted || $quoted == "$line" ]] || continue
        quoted=$lead$quoted
        COMPREPLY+=("${quoted:${#lead} + ${#cur} - ${#word}}")
    done
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *[:=] ]] || compopt -o nospace
}

# Offers what --help calls $1.
_popgate_offer_value() {
    local kind kinds

    if [[ $cur == [\'\"]* ]]; then
        is_quoted=yes lead='' cur=${cur:1}
    fi
    if [[ $1 == =* ]]; then
        _popgate_offer < <(tr '|' '\n' <<<"${1#=}")
        return
    fi
    IFS='|' read -r -a kinds <<<"${1//[][]/}"
    case " ${kinds[*]%...} " in
        *' FILE '* | *' PATH '* | *' PROGRAM '*) compopt -o default ;;
        *' FOLDER '*) compopt -o dirnames ;;
    esac
    _popgate_offer < <(for kind in "${kinds[@]%...}"; do _popgate_candidates "$kind" "$1"; done | sort -u)
}

_popgate() {
    local words=() where=() program help commands command value options_ended may_ask=yes lead is_quoted cur IFS=$' \t\n'
    local -i n_operands=0

    COMPREPLY=()
    _popgate_read_line
    cur=${words[${#words[@]} - 1]}
    program=$(type -P -- "${words[0]}") || program=$(type -P -- "${1##*/}") || return 0
    help=$(_popgate_help)
    commands=$(_popgate_commands)
    _popgate_walk || return 0
    if [[ ! $value && ! $options_ended && $cur == --*=* ]]; then
        lead=${cur%%=*}=
        cur=${cur#*=}
        value=$(_popgate_value_of "${lead%=}")
        [[ ! $value ]] || _popgate_offer_value "$value"
    elif [[ $value ]]; then
        _popgate_offer_value "$value"
    elif [[ ! $options_ended && $cur == -* ]]; then
        _popgate_offer < <(_popgate_options)
    elif [[ $commands && ! $command ]]; then
        _popgate_offer <<<"$commands"
    else
        _popgate_offer_value "$(_popgate_operand)"
    fi
}

complete -F _popgate popgate popgated popgate-login
