/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-routers.h"

#include <string.h>

#define ROUTER "192.168.1.1"
#define OUTER "10.77.0.1"
#define WAN "10.77.0.2"

typedef struct
{
  const char *name;
  DoctorRouterRole roles[3];
  const char *addresses[3];
  const char *externals[3];
  gboolean maps_nothing;
  DoctorVerdict verdict;
  const char *lines;
  const char *sentence; /* NULL: that of the verdict */
  const char *step;     /* a part of it; NULL as above */
  guint n_mapped[3];    /* transports; number of routers: those with an address, at least two */
  DoctorBeyond beyond;
  gboolean path_proven;
  guint n_routers; /* 0: two */
} Row;

#define YOU "this computer  192.168.1.10 on eth0\n"

static const Row rows[] = {
  { "both-known",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1.",
    "Forward the port on 10.77.0.1 to 10.77.0.2 as well, or configure one of the two" },
  { "first-unknown",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { NULL, "1.2.3.4" },
    TRUE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The router 192.168.1.1 does not report a public address, and the next router on the path to "
    "the internet, 10.77.0.1, has a private address: 192.168.1.1 is behind a second router.",
    "on 10.77.0.1 to the external address of 192.168.1.1, and on 192.168.1.1 to this computer" },
  { "refusing",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, NULL },
    TRUE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address unknown",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1.",
    "192.168.1.1 maps no ports while its external address is not public." },
  { "second-unknown",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, NULL },
    { WAN, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  address unknown: no router answered beyond the first one",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router.",
    NULL },
  { "nothing-known",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, NULL },
    { NULL, NULL },
    TRUE,
    DOCTOR_NOT_CONNECTED,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  address unknown: no router answered beyond the first one",
    NULL,
    NULL },
  { "three-in-a-row",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "100.64.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 100.64.3.4 (shared by the provider: CGNAT)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1.",
    "Forward the port on 10.77.0.1" },
  { "cgnat",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "100.64.0.1" },
    { "100.64.0.2", NULL },
    FALSE,
    DOCTOR_CGNAT,
    YOU "router         192.168.1.1, external address 100.64.0.2 (shared by the provider: "
        "CGNAT)\nprovider       100.64.0.1, not queried",
    "The external address of the router 192.168.1.1 is 100.64.0.2, which the provider shares "
    "among several customers (CGNAT).",
    NULL },
  { "cgnat-unreported",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "100.64.0.1" },
    { NULL, NULL },
    TRUE,
    DOCTOR_CGNAT,
    YOU "router         192.168.1.1, external address unknown\n"
        "provider       100.64.0.1, not queried",
    NULL,
    NULL },
  { "between",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "Another router, 192.168.1.1, is between this computer and 10.77.0.1: ports that 10.77.0.1 "
    "maps lead to that router only.",
    "Map the port on 192.168.1.1 as well" },
  { "between-unknown",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { NULL, OUTER },
    { NULL, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         address unknown\n"
        "second router  10.77.0.1, external address unknown",
    "Another router is between this computer and 10.77.0.1: ports that 10.77.0.1 maps lead to "
    "that router only.",
    "Map the port on the router in between as well" },
  { "chain",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "Port mapping works, through 192.168.1.1 and 10.77.0.1.",
    NULL,
    .n_mapped = { 2, 2 } },
  { "chain-of-three",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER, "10.0.0.1" },
    { WAN, "10.0.0.2", "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 10.0.0.2 (private)\n"
        "third router   10.0.0.1, external address 1.2.3.4 (public)",
    "Port mapping works, through 192.168.1.1, 10.77.0.1 and 10.0.0.1.",
    NULL,
    .n_routers = 3,
    .n_mapped = { 2, 2, 2 } },
  { "third-is-not-asked",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER, "10.0.0.1" },
    { WAN, "10.0.0.2", NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 10.0.0.2 (private)\n"
        "third router   10.0.0.1, external address unknown",
    "The external address of the router 10.77.0.1 is the private address 10.0.0.2: it is behind a "
    "third router, 10.0.0.1. That router is not asked to map ports, because of --max-hops 2.",
    "Repeat with --max-hops 3, so that the router beyond 10.77.0.1 is asked as well; other "
    "commands "
    "have the same option. Otherwise, forward the port on that router to 10.0.0.2 manually",
    .beyond = DOCTOR_BEYOND_LIMITED,
    .n_routers = 3,
    .n_mapped = { 2, 2 } },
  { "third-is-not-asked-and-unknown",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER, NULL },
    { WAN, "10.0.0.2", NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 10.0.0.2 (private)\n"
        "third router   address unknown, not queried",
    "The external address of the router 10.77.0.1 is the private address 10.0.0.2: it is behind a "
    "third router. That router is not asked to map ports, because of --max-hops 2.",
    "Repeat with --max-hops 3",
    .beyond = DOCTOR_BEYOND_LIMITED,
    .n_routers = 3,
    .n_mapped = { 2, 2 } },
  { "third-refuses",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER, "10.0.0.1" },
    { WAN, "10.0.0.2", NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 10.0.0.2 (private)\n"
        "third router   10.0.0.1, external address unknown",
    "The external address of the router 10.77.0.1 is the private address 10.0.0.2: it is behind a "
    "third router, 10.0.0.1. 10.0.0.1 refuses to map the port.",
    "Enable UPnP, NAT-PMP or PCP in the settings of 10.0.0.1 and allow them for 10.0.0.2",
    .beyond = DOCTOR_BEYOND_REFUSED,
    .n_routers = 3,
    .n_mapped = { 2, 2 } },
  { "second-has-a-shared-address",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, OUTER, NULL },
    { WAN, "100.64.3.4", NULL },
    FALSE,
    DOCTOR_CGNAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 100.64.3.4 (shared by the provider: CGNAT)\n"
        "provider       address unknown, not queried",
    "The external address of the router 10.77.0.1 is 100.64.3.4, which the provider shares among "
    "several customers (CGNAT).",
    "Repeat with --max-hops 3, so that a server of the provider is asked as well",
    .beyond = DOCTOR_BEYOND_LIMITED,
    .n_routers = 3,
    .n_mapped = { 2, 2 } },
  { "second-maps-one-transport",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1. 10.77.0.1 maps only one of TCP and UDP.",
    "Update the firmware of 10.77.0.1, or forward the port on 10.77.0.1 to 10.77.0.2 manually",
    .n_mapped = { 2, 1 } },
  { "behind-the-provider",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "5.6.7.8" },
    { WAN, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "provider       5.6.7.8, not queried",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a router of the provider, 5.6.7.8.",
    "Ask the provider for a public IPv4 address, or use IPv6.",
    .n_mapped = { 2 } },
  { "server-of-the-provider-alone",
    { DOCTOR_ROUTER_PROVIDER },
    { "192.0.0.9" },
    { "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "provider       192.0.0.9, external address 1.2.3.4 (public)",
    "Port mapping works, through the provider's server 192.0.0.9.",
    NULL,
    .n_routers = 1,
    .n_mapped = { 2 } },
  { "chain-is-not-reached",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_NOT_REACHED,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    NULL,
    "Check the firewall of this computer, then those of 192.168.1.1 and 10.77.0.1.",
    .n_mapped = { 2, 2 } },
  { "second-refuses",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, "1.2.3.4" },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1. 10.77.0.1 refuses to map the port.",
    "Enable UPnP, NAT-PMP or PCP in the settings of 10.77.0.1 and allow them for 10.77.0.2",
    .beyond = DOCTOR_BEYOND_REFUSED },
  { "second-silent",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_NEXT },
    { ROUTER, OUTER },
    { WAN, NULL },
    FALSE,
    DOCTOR_DOUBLE_NAT,
    YOU "router         192.168.1.1, external address 10.77.0.2 (private)\n"
        "second router  10.77.0.1, external address unknown",
    "The external address of the router 192.168.1.1 is the private address 10.77.0.2: it is "
    "behind a second router, 10.77.0.1. 10.77.0.1 does not answer any protocol.",
    "Enable UPnP, NAT-PMP or PCP in the settings of 10.77.0.1",
    .beyond = DOCTOR_BEYOND_SILENT },
  { "provider-maps",
    { DOCTOR_ROUTER_ASKED, DOCTOR_ROUTER_PROVIDER },
    { ROUTER, "192.0.0.9" },
    { "100.64.0.2", "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address 100.64.0.2 (shared by the provider: "
        "CGNAT)\nprovider       192.0.0.9, external address 1.2.3.4 (public)",
    "Port mapping works, through 192.168.1.1 and the provider's server 192.0.0.9.",
    NULL,
    .n_mapped = { 2, 2 } },
  { "plain-router-between",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { ROUTER, OUTER },
    { NULL, "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    NULL,
    NULL,
    .path_proven = TRUE },
  { "unknown-router-between",
    { DOCTOR_ROUTER_BETWEEN, DOCTOR_ROUTER_ASKED },
    { ROUTER, OUTER },
    { NULL, "1.2.3.4" },
    FALSE,
    DOCTOR_WORKS,
    YOU "router         192.168.1.1, external address unknown\n"
        "second router  10.77.0.1, external address 1.2.3.4 (public)",
    "The router 10.77.0.1 maps ports. Another router, 192.168.1.1, is between it and this "
    "computer: if that one translates addresses, ports that 10.77.0.1 maps lead to it only.",
    "Test the port from outside (--stun), or examine 192.168.1.1" },
};

static void
add_router (DoctorRouters *routers,
            DoctorRouterRole role,
            const char *address,
            const char *external,
            guint n_mapped)
{
  g_autoptr (GInetAddress) parsed =
    external != NULL ? g_inet_address_new_from_string (external) : NULL;
  DoctorRouter *router =
    doctor_routers_add (routers, role, address, external, plum_address_get_scope (parsed));

  router->n_mapped = n_mapped;
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  const DoctorFindings findings = {
    .served = TRUE,
    .tried = TRUE,
    .tcp.mapped = TRUE,
    .udp.mapped = TRUE,
    .router_between = row->verdict == DOCTOR_DOUBLE_NAT,
    .path_proven = row->path_proven,
  };
  DoctorRouters routers = {
    .local = g_strdup ("192.168.1.10"),
    .interface = g_strdup ("eth0"),
    .maps_nothing = row->maps_nothing,
    .beyond = row->beyond,
    .max_hops = 2,
  };
  g_autofree char *lines = NULL;
  g_autofree char *sentence = NULL;
  g_autofree char *step = NULL;

  for (guint i = 0; i < (row->n_routers != 0 ? row->n_routers : 2); i++)
    {
      add_router (&routers, row->roles[i], row->addresses[i], row->externals[i], row->n_mapped[i]);
      routers.routers[i].unanswered = row->addresses[i] == NULL && row->n_routers == 0;
    }

  doctor_routers_judge (&routers, &findings, row->verdict);
  lines = doctor_routers_describe (&routers);
  sentence = doctor_routers_dup_sentence (&routers, row->verdict);
  step = doctor_routers_dup_next_step (&routers, row->verdict);
  g_assert_cmpstr (lines, ==, row->lines);
  g_assert_cmpstr (sentence, ==, row->sentence);
  g_assert_true ((step == NULL) == (row->step == NULL));
  if (step != NULL && strstr (step, row->step) == NULL)
    g_error ("“%s” is not in “%s”", row->step, step);
  doctor_routers_clear (&routers);
}

/* The topologies of the drawings. */
typedef enum {
  CHAIN,         /* two routers map the port */
  CHAIN_OF_3,    /* three do */
  SECOND_FAILS,  /* the second router maps nothing */
  SECOND_ONE,    /* the second router maps TCP only */
  FIRST_REFUSES, /* the first router maps nothing, and the second is not asked */
  THIRD_UNASKED, /* two do; there is a third one */
  SECOND_SHARED, /* two do; the address of the second is shared */
  CARRIER,       /* the first router and a server of the provider map the port */
  CARRIER_FAILS, /* only the first router does, and its address is shared */
  BYPASS,        /* a server of the provider maps it */
  NAT_BETWEEN,   /* the second router maps the port for the first one */
  PLAIN_BETWEEN, /* the second router maps it for this computer */
  ANY_BETWEEN,   /* which of the two is unknown */
} Topology;

typedef enum {
  DONE,
  UNTRIED,
  NOT_REACHED,
  BEYOND,
  FOREVER,
  LEFT,
  MISSING,
} Result;

typedef struct
{
  const char *name;
  Topology topology;
  Result result;
  DoctorVerdict verdict;
  const char *links; /* from this computer to the internet */
} Drawing;

static const Drawing drawings[] = {
  { "chain/works", CHAIN, DONE, DOCTOR_WORKS, "|||" },
  { "chain/not-reached", CHAIN, NOT_REACHED, DOCTOR_NOT_REACHED, "??|" },
  { "chain/nat-beyond", CHAIN, BEYOND, DOCTOR_NAT_BEYOND, "||x" },
  { "chain/permanent", CHAIN, FOREVER, DOCTOR_PERMANENT_ONLY, "|||" },
  { "chain/left-behind", CHAIN, LEFT, DOCTOR_LEFT_BEHIND, "|||" },
  { "chain/missing", CHAIN, MISSING, DOCTOR_MISSING, "x||" },
  { "chain-of-three/works", CHAIN_OF_3, DONE, DOCTOR_WORKS, "||||" },
  { "chain-of-three/not-reached", CHAIN_OF_3, NOT_REACHED, DOCTOR_NOT_REACHED, "???|" },
  { "chain-of-three/nat-beyond", CHAIN_OF_3, BEYOND, DOCTOR_NAT_BEYOND, "|||x" },
  { "second-fails/double-nat", SECOND_FAILS, DONE, DOCTOR_DOUBLE_NAT, "|x|" },
  { "second-fails/untried", SECOND_FAILS, UNTRIED, DOCTOR_DOUBLE_NAT, "??|" },
  { "second-fails/not-reached", SECOND_FAILS, NOT_REACHED, DOCTOR_DOUBLE_NAT, "|x|" },
  { "second-fails/nat-beyond", SECOND_FAILS, BEYOND, DOCTOR_DOUBLE_NAT, "|x|" },
  { "second-fails/permanent", SECOND_FAILS, FOREVER, DOCTOR_DOUBLE_NAT, "|x|" },
  { "second-fails/left-behind", SECOND_FAILS, LEFT, DOCTOR_LEFT_BEHIND, "|x|" },
  { "second-maps-one/double-nat", SECOND_ONE, DONE, DOCTOR_DOUBLE_NAT, "|x|" },
  { "first-refuses/double-nat", FIRST_REFUSES, DONE, DOCTOR_DOUBLE_NAT, "xx|" },
  { "third-unasked/double-nat", THIRD_UNASKED, DONE, DOCTOR_DOUBLE_NAT, "||x|" },
  { "second-shared/cgnat", SECOND_SHARED, DONE, DOCTOR_CGNAT, "||x|" },
  { "carrier/works", CARRIER, DONE, DOCTOR_WORKS, "|||" },
  { "carrier/not-reached", CARRIER, NOT_REACHED, DOCTOR_NOT_REACHED, "??|" },
  { "carrier-fails/cgnat", CARRIER_FAILS, DONE, DOCTOR_CGNAT, "|x|" },
  { "carrier-fails/untried", CARRIER_FAILS, UNTRIED, DOCTOR_CGNAT, "??|" },
  { "carrier-direct/works", BYPASS, DONE, DOCTOR_WORKS, "||" },
  { "carrier-direct/not-reached", BYPASS, NOT_REACHED, DOCTOR_NOT_REACHED, "?|" },
  { "nat-between/double-nat", NAT_BETWEEN, DONE, DOCTOR_DOUBLE_NAT, "x||" },
  { "nat-between/not-reached", NAT_BETWEEN, NOT_REACHED, DOCTOR_DOUBLE_NAT, "x||" },
  { "plain-between/works", PLAIN_BETWEEN, DONE, DOCTOR_WORKS, "|||" },
  { "plain-between/not-reached", PLAIN_BETWEEN, NOT_REACHED, DOCTOR_NOT_REACHED, "??|" },
  { "any-between/works", ANY_BETWEEN, DONE, DOCTOR_WORKS, "?||" },
  { "any-between/untried", ANY_BETWEEN, UNTRIED, DOCTOR_READY, "??|" },
  { "any-between/nat-beyond", ANY_BETWEEN, BEYOND, DOCTOR_NAT_BEYOND, "?|x" },
};

static void
build_chain (DoctorRouters *routers, Topology topology)
{
  gboolean shared = topology == CARRIER || topology == CARRIER_FAILS;
  gboolean ends = topology == CHAIN || topology == SECOND_ONE || topology == SECOND_FAILS ||
                  topology == FIRST_REFUSES;
  guint second = topology == SECOND_FAILS || topology == FIRST_REFUSES ? 0
                 : topology == SECOND_ONE                              ? 1
                                                                       : 2;

  add_router (routers, DOCTOR_ROUTER_ASKED, ROUTER, shared ? "100.64.0.2" : WAN,
              topology == FIRST_REFUSES ? 0 : 2);
  if (shared)
    add_router (routers, DOCTOR_ROUTER_PROVIDER, "192.0.0.9",
                topology == CARRIER ? "1.2.3.4" : NULL, topology == CARRIER ? 2 : 0);
  else
    add_router (routers, DOCTOR_ROUTER_NEXT, OUTER,
                ends                        ? "1.2.3.4"
                : topology == SECOND_SHARED ? "100.64.3.4"
                                            : "10.0.0.2",
                second);
  if (topology == CHAIN_OF_3)
    add_router (routers, DOCTOR_ROUTER_NEXT, "10.0.0.1", "1.2.3.4", 2);
  if (topology == THIRD_UNASKED)
    add_router (routers, DOCTOR_ROUTER_NEXT, NULL, NULL, 0);
  if (topology == SECOND_SHARED)
    add_router (routers, DOCTOR_ROUTER_PROVIDER, NULL, NULL, 0);
}

static void
build_topology (DoctorRouters *routers, Topology topology)
{
  if (topology == THIRD_UNASKED || topology == SECOND_SHARED)
    routers->beyond = DOCTOR_BEYOND_LIMITED;
  routers->maps_nothing = topology == FIRST_REFUSES;

  if (topology == BYPASS)
    {
      add_router (routers, DOCTOR_ROUTER_PROVIDER, "192.0.0.9", "1.2.3.4", 2);
    }
  else if (topology < NAT_BETWEEN)
    {
      build_chain (routers, topology);
    }
  else
    {
      add_router (routers, DOCTOR_ROUTER_BETWEEN, ROUTER, NULL, 0);
      add_router (routers, DOCTOR_ROUTER_ASKED, OUTER, "1.2.3.4", 2);
    }
}

/* The trial as the routers show it. */
static void
find_transport (DoctorTrialFindings *trial, const DoctorRouters *routers, guint transport)
{
  guint n_mapping = 0;

  trial->error = -1;
  trial->lifetime = 120;
  for (guint i = 0; i < routers->n_routers; i++)
    if (routers->routers[i].n_mapped > transport)
      {
        n_mapping++;
        trial->outer = routers->routers[i].scope;
      }

  trial->mapped = n_mapping > 0;
  trial->chained = n_mapping > 1 || routers->routers[0].role == DOCTOR_ROUTER_PROVIDER;
}

static void
find_result (DoctorFindings *findings, const DoctorRouters *routers, const Drawing *drawing)
{
  const DoctorRouter *asked = doctor_routers_find (routers, DOCTOR_ROUTER_ASKED);

  findings->has_gateway = TRUE;
  findings->served = TRUE;
  findings->scope = asked != NULL ? asked->scope : PLUM_ADDRESS_SCOPE_PUBLIC;
  findings->router_between = drawing->topology == NAT_BETWEEN;
  findings->path_proven = drawing->topology == PLAIN_BETWEEN;
  findings->not_reached = drawing->result == NOT_REACHED;
  findings->nat_beyond = drawing->result == BEYOND;
  findings->tried = drawing->result != UNTRIED;
  findings->n_no_resources = drawing->topology == FIRST_REFUSES;
  if (!findings->tried)
    return;

  find_transport (&findings->tcp, routers, 0);
  find_transport (&findings->udp, routers, 1);
  findings->tcp.missing = drawing->result == MISSING;
  findings->tcp.left_behind = drawing->result == LEFT;
  if (drawing->result == FOREVER)
    findings->tcp.lifetime = findings->udp.lifetime = PLUM_LIFETIME_FOREVER;
}

/* The links of a drawing, which are the lines that start with a space. */
static char *
get_links (const char *drawn)
{
  g_auto (GStrv) lines = g_strsplit (drawn, "\n", -1);
  GString *links = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] == ' ')
      g_string_append_c (links, lines[i][6]);

  return g_string_free (links, FALSE);
}

/* If the port works, no link is interrupted. Otherwise one is, and the verdict names the router on
 * the inner side of the outermost interruption. */
static void
assert_agreement (const DoctorRouters *routers, DoctorVerdict verdict, const char *links)
{
  g_autofree char *sentence = doctor_routers_dup_sentence (routers, verdict);
  const char *cut = strrchr (links, 'x');

  if (doctor_verdict_get_exit_code (verdict) == 0)
    g_assert_null (cut);
  if (verdict == DOCTOR_NOT_REACHED || verdict == DOCTOR_NAT_BEYOND)
    g_assert_null (sentence);
  if (verdict == DOCTOR_NOT_REACHED)
    g_assert_null (cut);
  if (verdict == DOCTOR_NAT_BEYOND)
    g_assert_true (cut != NULL && cut[1] == '\0');
  if (verdict == DOCTOR_DOUBLE_NAT || verdict == DOCTOR_CGNAT)
    g_assert_true (cut != NULL || strchr (links, '?') != NULL);
  if ((verdict == DOCTOR_DOUBLE_NAT || verdict == DOCTOR_CGNAT) && cut != NULL)
    g_assert_nonnull (strstr (sentence, routers->routers[MAX (cut - links, 1) - 1].address));
}

static void
test_drawn (gconstpointer data)
{
  const Drawing *drawing = data;
  DoctorFindings findings = { 0 };
  DoctorRouters routers = {
    .local = g_strdup ("192.168.1.10"),
    .interface = g_strdup ("eth0"),
    .seen = g_strdup ("1.2.9.9:5000"),
    .max_hops = 2,
  };
  DoctorVerdict verdict;
  g_autofree char *drawn = NULL;
  g_autofree char *links = NULL;

  build_topology (&routers, drawing->topology);
  find_result (&findings, &routers, drawing);
  verdict = doctor_verdict_decide (&findings);
  doctor_routers_judge (&routers, &findings, verdict);
  drawn = doctor_routers_draw (&routers);
  links = get_links (drawn);
  g_assert_cmpstr (doctor_verdict_get_name (verdict), ==,
                   doctor_verdict_get_name (drawing->verdict));
  g_assert_cmpstr (links, ==, drawing->links);
  g_assert_true (g_str_has_suffix (drawn, "\ninternet"));
  g_assert_true ((strstr (drawn, "1.2.9.9:5000") != NULL) == (verdict == DOCTOR_NAT_BEYOND));
  assert_agreement (&routers, verdict, links);
  doctor_routers_clear (&routers);
}

static void
test_shared_local (void)
{
  DoctorRouters routers = { .local = g_strdup ("100.64.0.10") };
  const struct
  {
    guint max_hops;
    gboolean no_map;
    const char *end;  /* of the sentence */
    const char *step; /* its beginning; NULL: the general one */
  } cases[] = {
    { 2, FALSE, "(CGNAT), and maps no ports.", NULL },
    { 2, TRUE, "(CGNAT).", "Run the doctor without --no-map, so that a server of the provider" },
    { 1, FALSE, "(CGNAT).", "Repeat with --max-hops 2, so that a server of the provider" },
    { 1, TRUE, "(CGNAT).", "Repeat with --max-hops 2 and without --no-map, so that a server" },
  };

  doctor_routers_add (&routers, DOCTOR_ROUTER_ASKED, "100.64.0.1", NULL,
                      PLUM_ADDRESS_SCOPE_UNKNOWN);
  routers.maps_nothing = TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *sentence = NULL;
      g_autofree char *step = NULL;

      routers.max_hops = cases[i].max_hops;
      routers.no_map = cases[i].no_map;
      sentence = doctor_routers_dup_sentence (&routers, DOCTOR_CGNAT);
      step = doctor_routers_dup_next_step (&routers, DOCTOR_CGNAT);
      g_assert_true (g_str_has_prefix (sentence, "The address of this computer is 100.64.0.10"));
      g_assert_true (g_str_has_suffix (sentence, cases[i].end));
      g_assert_true (step == cases[i].step || g_str_has_prefix (step, cases[i].step));
    }
  doctor_routers_clear (&routers);
}

/* A second router that was found is not asked to map a port. */
static void
test_not_mapped (void)
{
  DoctorRouters routers = { .local = g_strdup ("192.168.1.10"), .max_hops = 2, .no_map = TRUE };
  g_autofree char *step = NULL;
  g_autofree char *refusing = NULL;

  add_router (&routers, DOCTOR_ROUTER_ASKED, ROUTER, WAN, 0);
  add_router (&routers, DOCTOR_ROUTER_NEXT, OUTER, "1.2.3.4", 0);
  step = doctor_routers_dup_next_step (&routers, DOCTOR_DOUBLE_NAT);
  g_assert_true (g_str_has_prefix (step, "Run the doctor without --no-map, so that 10.77.0.1 is"));
  routers.maps_nothing = TRUE;
  refusing = doctor_routers_dup_next_step (&routers, DOCTOR_DOUBLE_NAT);
  g_assert_null (strstr (refusing, "--no-map"));
  doctor_routers_clear (&routers);
}

static void
test_permanent (void)
{
  DoctorRouters routers = { .local = g_strdup ("192.168.1.10") };
  g_autofree char *sentence = NULL;

  add_router (&routers, DOCTOR_ROUTER_ASKED, ROUTER, WAN, 2);
  add_router (&routers, DOCTOR_ROUTER_NEXT, OUTER, "1.2.3.4", 2);
  routers.routers[0].permanent = TRUE;
  sentence = doctor_routers_dup_sentence (&routers, DOCTOR_PERMANENT_ONLY);
  g_assert_cmpstr (
    sentence, ==,
    "Port mapping works, through 192.168.1.1 and 10.77.0.1, but 192.168.1.1 supports "
    "only permanent leases.");
  doctor_routers_clear (&routers);
}

/* If no second router was looked for, the general texts are used, whatever the verdict. */
static void
test_none (void)
{
  const DoctorRouters routers = { 0 };

  for (int verdict = 0; verdict < DOCTOR_N_VERDICTS; verdict++)
    {
      g_assert_null (doctor_routers_dup_sentence (&routers, verdict));
      g_assert_null (doctor_routers_dup_next_step (&routers, verdict));
    }
}

/* Every role is documented on the page about the JSON. */
static void
test_roles (void)
{
  g_autofree char *path =
    g_test_build_filename (G_TEST_DIST, "..", "docs", "plumctl-json.md", NULL);
  g_autofree char *page = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &page, NULL, &error);
  g_assert_no_error (error);

  for (int role = DOCTOR_ROUTER_BETWEEN; role <= DOCTOR_ROUTER_PROVIDER; role++)
    {
      g_autofree char *row = g_strdup_printf ("\n| `\"%s\"` |", doctor_router_role_get_name (role));

      g_assert_nonnull (strstr (page, row));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strdup_printf ("/plumctl/doctor/routers/%s", rows[i].name);

      g_test_add_data_func (path, &rows[i], test_row);
    }
  for (guint i = 0; i < G_N_ELEMENTS (drawings); i++)
    {
      g_autofree char *path =
        g_strdup_printf ("/plumctl/doctor/routers/drawn/%s", drawings[i].name);

      g_test_add_data_func (path, &drawings[i], test_drawn);
    }
  g_test_add_func ("/plumctl/doctor/routers/shared-local-address", test_shared_local);
  g_test_add_func ("/plumctl/doctor/routers/not-mapped", test_not_mapped);
  g_test_add_func ("/plumctl/doctor/routers/permanent", test_permanent);
  g_test_add_func ("/plumctl/doctor/routers/none", test_none);
  g_test_add_func ("/plumctl/doctor/routers/roles", test_roles);

  return g_test_run ();
}
