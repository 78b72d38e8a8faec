# shellcheck shell=bash
#
# To be sourced by what runs tests: `jamboree_servers_up` starts the servers that tests talk to and tells the tests where they
# are (JAMBOREE_SERVERS); `jamboree_servers_down`, for the script's end, stops them again, unless they were up before.

jamboree_servers=${BASH_SOURCE[0]%/lib/servers.sh}/servers
jamboree_servers_are_ours=

jamboree_servers_up() {
  [[ -z ${JAMBOREE_NO_SERVERS:-} ]] || return 0
  export JAMBOREE_SERVERS=${jamboree_servers%/Scripts/servers}/.build/servers
  "$jamboree_servers" status >/dev/null 2>&1 && return 0
  "$jamboree_servers" up || return
  jamboree_servers_are_ours=1
}

jamboree_servers_down() { [[ -z $jamboree_servers_are_ours ]] || "$jamboree_servers" down; }
