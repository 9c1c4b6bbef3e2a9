# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The hosts of the lab, their addresses, and the firewall of the routers. Sourced by the scripts of
# this directory, inside the namespaces of the lab.

# shellcheck disable=SC2034  # used by the scripts that source this file
LAB_RUN=/run/lab
LAB_CLIENT_ADDRESS=${LAB_CLIENT_ADDRESS:-192.168.1.10}
LAB_ROUTER_ADDRESS=${LAB_ROUTER_ADDRESS:-192.168.1.1}
LAB_INTERNET_ADDRESS=1.2.3.1
LAB_STUN_ADDRESS=1.2.3.2
LAB_STUN_NAME=stun.example
LAB_PUBLIC_ADDRESS=1.2.3.4
LAB_PCP_ANYCAST=192.0.0.9
LAB_PCP_ANYCAST6=2001:1::1
LAB_SECOND_CLIENT_ADDRESS=192.168.2.10
LAB_SECOND_ADDRESS=192.168.2.1
LAB_SECOND_INTERNET_ADDRESS=1.2.4.1
LAB_SECOND_WAN=1.2.4.4
LAB_LAN6=2a00:1111:1:1
LAB_WAN6=2a00:1111:1:2

# on HOST COMMAND...: runs COMMAND on HOST.
on () {
  local host=$1

  shift
  nsenter --net="/run/netns/$host" -- "$@"
}

# Writes $3 to the setting $2 of the host $1 (a path under /proc/sys/net).
setting () {
  # shellcheck disable=SC2016  # for the inner shell
  on "$1" sh -c 'echo "$1" >"/proc/sys/net/$0"' "$2" "$3"
}

# The routers, starting with the one next to the client.
router_names () {
  echo router
  [ "$LAB_TWO_ROUTERS" = no ] || echo outer
  [ "$LAB_TWO_GATEWAYS" = no ] || echo second
  [ -z "$LAB_HIDDEN_NAT" ] || echo provider
}

# The router that leads the client to the internet, as far as it knows.
last_router () {
  if [ "$LAB_TWO_ROUTERS" = yes ]; then echo outer; else echo router; fi
}

# first_of ADDRESS: the address that ends in 1 in the network of ADDRESS.
first_of () {
  echo "${1%.*}.1"
}

# The address of the outer router in the network between the two routers.
outer_address () {
  # shellcheck disable=SC2153  # an option of the lab
  first_of "${LAB_WAN%%,*}"
}

# The external addresses of the router $1 at the start.
external_addresses () {
  case $1,$LAB_TWO_ROUTERS in
    second,*) echo "$LAB_SECOND_WAN" ;;
    provider,*) echo "$LAB_PUBLIC_ADDRESS" ;;
    router,*) echo "$LAB_WAN" ;;
    outer,*) echo "${LAB_HIDDEN_NAT:-$LAB_PUBLIC_ADDRESS}" ;;
  esac
}

make_hosts () {
  local host

  for host in client internet $(router_names); do
    ip netns add "$host" || return
    ipv6_settings "$host" || return
  done
  ip link add lan0 netns router type veth peer name eth0 netns client || return
  make_path || return
  [ "$LAB_TWO_GATEWAYS" = no ] || make_second_links || return
  for host in $(router_names); do
    setting "$host" ipv4/ip_forward 1 || return
    # Otherwise a closed port stops refusing after six packets and looks like a dropped one.
    setting "$host" ipv4/icmp_ratelimit 0 || return
    ip -n "$host" -batch - <<END || return
link set lo up
link set lan0 up
link set wan0 up
END
  done
  ip -n internet -batch - <<END || return
link set lo up
address add $LAB_INTERNET_ADDRESS/24 dev eth0
link set eth0 up
END
  ip -n router address add "$LAB_ROUTER_ADDRESS/24" dev lan0 || return
  for host in $(router_names); do
    wan_addresses "$host" "$(external_addresses "$host")" || return
  done
  ip -n client -batch - <<END || return
link set lo up
link set eth0 up
END
  client_address "$LAB_CLIENT_ADDRESS" || return
  [ "$LAB_TWO_GATEWAYS" = no ] || connect_second || return
  [ "$LAB_IPV6" = no ] || make_ipv6
}

# Links the routers between the client and the internet host.
make_path () {
  local before=router

  if [ "$LAB_TWO_ROUTERS" = yes ]; then
    ip link add wan0 netns router type veth peer name lan0 netns outer || return
    ip -n outer address add "$(outer_address)/24" dev lan0 || return
    before=outer
  fi
  if [ -n "$LAB_HIDDEN_NAT" ]; then
    ip link add wan0 netns "$before" type veth peer name lan0 netns provider || return
    ip -n provider address add "$(first_of "$LAB_HIDDEN_NAT")/24" dev lan0 || return
    before=provider
  fi
  ip link add wan0 netns "$before" type veth peer name eth0 netns internet
}

# The second address of the STUN server (RFC 5780), and its name, on all hosts of the lab. Queries
# for other names fail immediately: no name server listens. (An /etc/resolv.conf that leads to /run
# is absent inside the lab, which has the same effect.)
make_stun_host () {
  ip -n internet address add "$LAB_STUN_ADDRESS/24" dev eth0 || return
  printf '127.0.0.1 localhost\n%s %s\n' "$LAB_INTERNET_ADDRESS" "$LAB_STUN_NAME" >"$LAB_RUN/hosts"
  mount --bind "$LAB_RUN/hosts" /etc/hosts || return
  [ ! -e /etc/resolv.conf ] || mount --bind /dev/null /etc/resolv.conf
}

make_second_links () {
  ip -batch - <<END
link add lan0 netns second type veth peer name eth1 netns client
link add wan0 netns second type veth peer name eth1 netns internet
END
}

# Like a desktop with cable and Wi-Fi: prefers the first network. Answers to packets from the second
# router are sent through that router.
connect_second () {
  ip -n second address add "$LAB_SECOND_ADDRESS/24" dev lan0 || return
  ip -n internet -batch - <<END || return
address add $LAB_SECOND_INTERNET_ADDRESS/24 dev eth1
link set eth1 up
END
  ip -n client -batch - <<END
link set eth1 up
address add $LAB_SECOND_CLIENT_ADDRESS/24 dev eth1
route add default via $LAB_SECOND_ADDRESS dev eth1 metric 600
route add default via $LAB_SECOND_ADDRESS dev eth1 table 2
rule add from $LAB_SECOND_CLIENT_ADDRESS lookup 2
END
}

# No duplicate address detection: it takes a second, and these links have no other hosts.
ipv6_settings () {
  if [ "$LAB_IPV6" = yes ]; then
    setting "$1" ipv6/conf/default/accept_dad 0
  elif [ -d /proc/sys/net/ipv6 ]; then
    setting "$1" ipv6/conf/default/disable_ipv6 1
  fi
}

make_ipv6 () {
  setting router ipv6/conf/all/forwarding 1
  setting router ipv6/icmp/ratelimit 0
  ip -n router address add "$LAB_LAN6::1/64" dev lan0
  ip -n router address add "$LAB_WAN6::4/64" dev wan0
  ip -n internet address add "$LAB_WAN6::1/64" dev eth0
  ip -n internet route add "$LAB_LAN6::/64" via "$LAB_WAN6::4"
  ip -n router route add default via "$LAB_WAN6::1"
  client_address6
}

# As with a router advertisement, the default route uses the link-local address of the router.
client_address6 () {
  local router

  ip -n client address add "$LAB_LAN6::10/64" dev eth0
  router=$(ip -n router -6 -brief address show dev lan0 scope link)
  router=${router##* fe80:}
  ip -n client route add default via "fe80:${router%%/*}" dev eth0
}

# Sets the address and route of the client, as DHCP does.
client_address () {
  ip -n client -batch - <<END
address flush dev eth0 scope global
address add $1/24 dev eth0
route replace default via $LAB_ROUTER_ADDRESS dev eth0
END
}

# Sets the external addresses of the router $1 to $2, separated by commas.
wan_addresses () {
  local address next=$LAB_INTERNET_ADDRESS

  if [ "$1,$LAB_TWO_ROUTERS" = router,yes ]; then
    next=$(outer_address)
  elif [ "$1" = "$(last_router)" ] && [ -n "$LAB_HIDDEN_NAT" ]; then
    next=$(first_of "$LAB_HIDDEN_NAT")
  fi
  [ "$1" != second ] || next=$LAB_SECOND_INTERNET_ADDRESS
  {
    printf 'address flush dev wan0 scope global\n'
    for address in ${2//,/ }; do
      printf 'address add %s/24 dev wan0\n' "$address"
    done
    printf 'route replace default via %s dev wan0 onlink\n' "$next"
  } | ip -n "$1" -batch -
}

# miniupnpd answers PCP over IPv6 whatever its configuration is, so the port is closed for router
# kinds without PCP.
close_pcp6 () {
  case $LAB_ROUTER_KIND in
    upnp | upnp1)
      on router nft insert rule inet filter input meta nfproto ipv6 udp dport 5351 reject ;;
  esac
}

# Makes $1 a typical home router: it masquerades, blocks incoming connections, and has empty chains
# for its daemon. Packets from the client to ports in the set `dropped` are dropped. Protocols have
# numbers (1 is ICMP, 58 is ICMPv6): their names are in /etc/protocols, which minimal systems lack.
make_firewall () {
  on "$1" nft -f - <<END
table inet filter {
  set dropped {
    type inet_proto . inet_service
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lan0" meta l4proto . th dport @dropped drop
    iifname { "lo", "lan0" } accept
    ct state established,related accept
    meta l4proto { 1, 58 } accept
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan0" oifname "wan0" accept
    meta l4proto 58 accept
    jump miniupnpd
  }
  chain miniupnpd {
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump prerouting_miniupnpd
  }
  chain prerouting_miniupnpd {
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    jump postrouting_miniupnpd
    meta nfproto ipv4 oifname "wan0" masquerade
  }
  chain postrouting_miniupnpd {
  }
}
# What the network of the router sends beyond it. Protocols are numbers: names need /etc/protocols.
table inet beyond {
  counter pcp { }
  counter announcements { }
  counter ssdp { }
  counter other-udp { }
  counter any-tcp { }
  counter other { }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname "lan0" oifname "wan0" jump sort
  }
  chain sort {
    meta l4proto 17 th dport 5351 counter name "pcp" return
    meta l4proto 17 th dport 5350 counter name "announcements" return
    meta l4proto 17 th dport 1900 counter name "ssdp" return
    meta l4proto 17 counter name "other-udp" return
    meta l4proto 6 counter name "any-tcp" return
    counter name "other"
  }
}
END
}

# Makes the router $1 that of a provider: its own address answers nothing, and with LAB_CARRIER=pcp
# the anycast addresses of PCP servers (RFC 7723) lead to its daemon.
make_carrier () {
  local address match

  on "$1" nft add element inet filter dropped '{ 17 . 5351, 17 . 1900 }' || return
  [ "$LAB_CARRIER" = pcp ] || return 0
  address=$(ip -n "$1" -4 -brief address show dev lan0)
  address=${address%/*}
  match="ip daddr $LAB_PCP_ANYCAST meta l4proto 17 th dport 5351"
  on "$1" nft -f - <<END
insert rule inet filter input ct status dnat meta l4proto 17 th dport 5351 accept
insert rule inet filter prerouting iifname "lan0" $match dnat ip to ${address##* }
END
  [ "$LAB_IPV6" = yes ] || return 0
  match="ip6 daddr $LAB_PCP_ANYCAST6 meta l4proto 17 th dport 5351"
  on "$1" nft insert rule inet filter prerouting iifname lan0 "$match" dnat ip6 to "$LAB_LAN6::1"
}
