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

# Exports the password of the server that the bare word `postgres` means, for other clients: their arguments can be read by
# anybody. Where libpq's variables name a server, its password is among them, or in libpq's own file.
jamboree_servers_password() {
  local name url
  for name in PGHOST PGHOSTADDR PGPORT PGDATABASE PGSERVICE PGUSER; do [[ -z ${!name+x} ]] || return 0; done
  url=$(<"$JAMBOREE_SERVERS/postgres.url") || return
  url=${url#*//*:}
  export PGPASSWORD=${url%%@*}
}

jamboree_servers_down() { [[ -z $jamboree_servers_are_ours ]] || "$jamboree_servers" down; }
