# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of popgate, popgated and popgate-login in fish 3.4 or later.
#
# Commands, options, and what their values are, are read from --help each time: none is named here. What stands there for a
# value says what is offered; see popgate.bash, which has the same words.
#
# Names of users were chosen by whoever logged in. They are never expanded, and fish quotes them.
#
# A candidate is a line, and perhaps has a TAB and something about it.

# --- what --help says ----------------------------------------------------------------------------------------------------

function __popgate_help
    $argv --help 2>/dev/null </dev/null
end

# __popgate_commands HELP-LINE...: a command's summary may stand below it.
function __popgate_commands
    printf '%s\n' $argv | awk '
        /^Commands:$/ { inside = 1; next }
        !inside { next }
        /^$/ { exit }
        /^  [a-z]/ { if (name) print name "\t" about; name = $1; about = substr($0, 25); next }
        { sub(/^ */, ""); about = $0 }
        END { if (name) print name "\t" about }'
end

# __popgate_options HELP-LINE...
function __popgate_options
    printf '%s\n' $argv | sed -n -e h -e 's/^  \(-[A-Za-z]\), --[^ ]*  *\(.*\)/\1\t\2/p' \
        -e g -e 's/^  \(-[A-Za-z], \)\{0,1\}\(--[a-z-]*\)[^ ]*  *\(.*\)/\2\t\3/p'
end

# __popgate_value_of OPTION HELP-LINE...: what the option wants; if its summary ends with a list of words,
# "=" and these; nothing if it stands alone.
function __popgate_value_of
    for line in $argv[2..]
        set -l parts (string match -r '^  (-[A-Za-z]|)(?:, )?(--[a-z-]+)=([^ ]+)(?:.* (\w+(?:\|\w+)+)$)?' -- $line)
        or continue
        contains -- $argv[1] $parts[2..3]
        or continue
        set -q parts[5]
        and echo =$parts[5]
        or echo $parts[4]
        return
    end
end

# __popgate_operand N HELP-LINE...: what the operand is behind N others; the last may come again if it says so by "...".
function __popgate_operand
    set -l line (string match -rg '^  popgate[^[]*\[OPTION[^]]*\] *(.*)' -- $argv[2..])
    set -l operands (string split -n ' ' -- $line[1])
    set -l n (math $argv[1] + 1)
    if test $n -le (count $operands)
        echo $operands[$n]
    else if string match -q '*...*' -- $operands[-1]
        echo $operands[-1]
    end
end

# --- what popgated knows -------------------------------------------------------------------------------------------------

# Waits for two seconds at most, and says nothing if there is no answer.
function __popgate_ask
    timeout 2 $argv 2>/dev/null </dev/null
end

# __popgate_grants FIELD TYPED ABOUT PROGRAM...: fields of grants, if they begin as what was typed: at most 200, of the first
# 20000. In the list a backslash stands before quotes, and for each byte that is no printable ASCII: names with one are not offered.
function __popgate_grants
    set -lx typed $argv[2]
    set -l net
    set -l octets (string match -r '^(\d+)\.(?:(\d+)\.)?(?:(\d+)\.)?' -- $typed)[2..]
    test $argv[1] = 1; and set -q octets[1]
    and set net --net (string join . $octets 0 0 0 0 | string match -r '^\d+\.\d+\.\d+\.\d+')/(math 8 x (count $octets))
    __popgate_ask $argv[4..] list --expired $net | awk -F '\t' -v field=$argv[1] -v about=$argv[3] '
        NR > 20000 { exit }
        $field ~ /\\\\/ || $field == "-" || index($field, ENVIRON["typed"]) != 1 || seen[$field]++ { next }
        { print $field "\t" $about }
        ++n == 200 { exit }'
end

function __popgate_notes
    __popgate_ask $argv --json status | tr '{' '\n' |
        sed -n 's/^"note":\([0-9]*\),"kind":"\([a-z]*\)","target":"\([^"\\\\]*\)".*/\1\t\2 \3/p' | head -n 200
end

function __popgate_settings
    $argv --help-config 2>/dev/null </dev/null |
        awk '/^\[/ { group = substr($1, 2, length($1) - 2) } /^[a-z0-9_]+ =/ { print group "." $1 "=" }'
end

# --- what is offered -----------------------------------------------------------------------------------------------------

# __popgate_values VALUE TYPED PROGRAM...: what is offered for what --help calls VALUE.
function __popgate_values
    set -l typed $argv[2]
    set -l program $argv[3..]
    if string match -q '=*' -- $argv[1]
        string sub -s 2 -- $argv[1] | string split '|'
        return
    end
    for kind in (string replace -ra '[][]|\.\.\.' '' -- $argv[1] | string split '|')
        switch $kind
            case FILE PATH PROGRAM
                __fish_complete_path $typed
            case FOLDER
                __fish_complete_directories $typed
            case ADDRESS # CIDR has what ADDRESS has
                string match -q '*CIDR*' -- $argv[1]
                or __popgate_grants 1 $typed 4 $program | sed 's|/[0-9]*||' | sort -u
            case CIDR # no address begins as user:USER
                string match -qr '^[a-z]+:' -- $typed; and string match -q "*"(string replace -r ':.*' ':USER' -- $typed)"*" -- $argv[1]
                or __popgate_grants 1 $typed 4 $program
            case USER
                __popgate_grants 4 $typed 1 $program | string match -v '~*' # fish would leave a tilde at the beginning as it is
            case '*:USER'
                set -l before (string replace USER '' -- $kind)
                if string match -q -- "$before*" $typed
                    __popgate_grants 4 (string replace -- $before '' $typed) 1 $program | sed "s/^/$before/"
                else
                    echo $before
                end
            case NOTE
                __popgate_notes $program
            case COMMAND
                __popgate_commands (__popgate_help $program)
            case 'GROUP.KEY=VALUE'
                __popgate_settings $program
            case '*'
                string match -r '^[a-z].*' -- $kind
        end
    end
end

# The words before the cursor are gone over, to see where it stands; only what is a command is ever run.
function __popgate_complete
    set -l words (commandline -opc)
    set -l typed (string unescape -- (commandline -ct){,\',\"})[1] # perhaps within quotes
    set -l program (string replace -r '^~/' ~/ -- $words[1])
    set -l help (__popgate_help $program)
    set -l commands (__popgate_commands $help | string replace -r '\t.*' '')
    set -l command
    set -l where
    set -l value
    set -l option
    set -l n_operands 0
    set -l options_ended no
    for word in $words[2..]
        if test -n "$value"
            contains -- $option -c --config --socket
            and set -a where $option (string replace -r '^~/' ~/ -- $word)
            set value
        else if test $options_ended = yes; or not string match -q -- '-?*' $word
            if test -n "$commands" -a -z "$command"
                contains -- $word $commands
                or return
                set command $word
                set help (__popgate_help $program $word)
            else
                set n_operands (math $n_operands + 1)
            end
        else if test $word = --
            set options_ended yes
        else if string match -q -- '--*=*' $word
            string match -qr -- '^--(config|socket)=' $word
            and set -a where $word
        else
            set option $word
            set value (__popgate_value_of $word $help)
        end
    end
    if test -n "$value"
        __popgate_values $value "$typed" $program $where
    else if test $options_ended = no; and string match -q -- '--*=*' $typed
        set -l parts (string split -m 1 = -- $typed)
        __popgate_values (__popgate_value_of $parts[1] $help) "$parts[2]" $program $where | string replace -r -- '^' "$parts[1]="
    else if test $options_ended = no; and string match -q -- '-*' $typed
        __popgate_options $help
    else if test -n "$commands" -a -z "$command"
        __popgate_commands $help
    else
        __popgate_values (__popgate_operand $n_operands $help) "$typed" $program $where
    end
end

complete -c popgate -f -a '(__popgate_complete)'
complete -c popgated -f -a '(__popgate_complete)'
complete -c popgate-login -f -a '(__popgate_complete)'
