/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-verdict.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  const char *name;
  int exit_code;
  const char *sentence;
  const char *next_step;
} VerdictText;

/* Names and exit codes are an interface, documented in plumctl(1): they never change. */
static const VerdictText texts[DOCTOR_N_VERDICTS] = {
  [DOCTOR_WORKS] = {
    "works", 0,
    N_ ("Port mapping works."),
    N_ ("No action is needed. If a program is still unreachable, check the firewall of this computer."),
  },
  [DOCTOR_READY] = {
    "ready", 0,
    N_ ("The router offers port mapping; no trial mapping was made."),
    N_ ("Run the doctor without --no-map to test a mapping."),
  },
  [DOCTOR_PUBLIC_HOST] = {
    "public-host", 0,
    N_ ("This computer has a public address: port mapping is not needed."),
    N_ ("If a program is unreachable, check the firewall of this computer."),
  },
  [DOCTOR_PERMANENT_ONLY] = {
    "permanent-only", 0,
    N_ ("Port mapping works, but the router supports only permanent leases."),
    N_ ("After a crash, check “plumctl list” and remove remaining mappings with “plumctl unmap”."),
  },
  [DOCTOR_NO_GATEWAY] = {
    "no-gateway", 3,
    N_ ("This computer has no default route, so no router was found."),
    N_ ("Connect to a network, or specify the router with --gateway ADDRESS."),
  },
  [DOCTOR_SILENT] = {
    "silent", 10,
    N_ ("The router does not answer any protocol."),
    N_ ("Enable UPnP, NAT-PMP or PCP in the router's settings. With a VPN or two routers, specify "
    "the right router with --gateway ADDRESS."),
  },
  [DOCTOR_SWITCHED_OFF] = {
    "switched-off", 11,
    N_ ("The router refuses all requests: port mapping is disabled or not supported."),
    N_ ("Enable UPnP, NAT-PMP or PCP in the router's settings."),
  },
  [DOCTOR_NOT_A_GATEWAY] = {
    "not-a-gateway", 12,
    N_ ("Other devices answered, but none of them is a router that maps ports."),
    N_ ("Enable UPnP, NAT-PMP or PCP in the router's settings."),
  },
  [DOCTOR_WRONG_ADDRESS] = {
    "wrong-address", 13,
    N_ ("The answer came from an address other than the gateway's, and was ignored."),
    N_ ("If that address belongs to your router, specify it with --gateway ADDRESS."),
  },
  [DOCTOR_NOT_CONNECTED] = {
    "not-connected", 14,
    N_ ("The router answers, but it has no internet connection or no public address."),
    N_ ("Check the router's internet connection. If it is behind another router, map the port on that "
    "router, or configure this one as a bridge."),
  },
  [DOCTOR_CANNOT_MAP] = {
    "cannot-map", 15,
    N_ ("The router answers, but offers no usable port mapping service."),
    N_ ("Update the firmware of the router, or forward the port manually in its settings."),
  },
  [DOCTOR_NO_NEXT_HOP] = {
    "no-next-hop", 16,
    N_ ("No router is on the path to the internet: the default route has no next hop."),
    N_ ("Specify the server of the VPN with --gateway ADDRESS, or the router of another network with "
    "--interface NAME."),
  },
  [DOCTOR_OTHER_GATEWAY] = {
    "other-gateway", 17,
    N_ ("The router of the default route maps no ports, but that of another network does."),
    N_ ("Specify the other network with --interface NAME, or its router with --gateway ADDRESS."),
  },
  [DOCTOR_NO_PUBLIC_IPV6] = {
    "no-public-ipv6", 18,
    N_ ("This computer has no public IPv6 address, so the internet cannot reach it with IPv6."),
    N_ ("Enable IPv6 in the router's settings, or ask the provider for it; or use IPv4."),
  },
  [DOCTOR_NOT_ASKED] = {
    "not-asked", 19,
    N_ ("The router was not asked: no available protocol can be used in this network."),
    N_ ("Run the doctor without --backend and PLUM_BACKENDS, or with another --family."),
  },
  [DOCTOR_REFUSED] = {
    "refused", 20,
    N_ ("The router's policy refuses the mapping."),
    N_ ("Allow this computer to map ports in the router's settings (on a FRITZ!Box: “Permit "
    "independent port sharing” for this device)."),
  },
  [DOCTOR_TABLE_FULL] = {
    "table-full", 21,
    N_ ("The router's mapping table is full, or it has no internet connection at present."),
    N_ ("Remove unneeded mappings (see “plumctl list”), or restart the router."),
  },
  [DOCTOR_PORT_TAKEN] = {
    "port-taken", 22,
    N_ ("The router reports that another device uses the port."),
    N_ ("Request another external port: plumctl map tcp:8080:18080."),
  },
  [DOCTOR_TRIAL_FAILED] = {
    "trial-failed", 23,
    N_ ("The router answers, but the trial mapping failed."),
    N_ ("Make a recording with --record DIR and report the problem, with the model of the router."),
  },
  [DOCTOR_ONE_TRANSPORT] = {
    "one-transport", 24,
    N_ ("The router mapped only one of TCP and UDP."),
    N_ ("Forward the other port manually in the router's settings, or update its firmware."),
  },
  [DOCTOR_LEFT_BEHIND] = {
    "left-behind", 25,
    N_ ("The trial mapping could not be removed."),
    N_ ("If the mapping still exists in two minutes, remove it in the router's settings."),
  },
  [DOCTOR_MISSING] = {
    "missing", 26,
    N_ ("The router reports success, but the mapping is not in its table."),
    N_ ("Forward the port manually in the router's settings, or update its firmware."),
  },
  [DOCTOR_DOUBLE_NAT] = {
    "double-nat", 30,
    N_ ("The router's external address is private: it is behind a second router."),
    N_ ("Map the port on the second router as well, or configure one of the two routers as a bridge."),
  },
  [DOCTOR_CGNAT] = {
    "cgnat", 31,
    N_ ("The provider shares one public address among several customers (CGNAT)."),
    N_ ("Ask the provider for a public IPv4 address, or use IPv6."),
  },
  [DOCTOR_NO_ADDRESS] = {
    "no-address", 32,
    N_ ("The router maps ports, but did not report a public address."),
    N_ ("Check the router's internet connection, then run the doctor again."),
  },
  [DOCTOR_NAT_BEYOND] = {
    "nat-beyond", 33,
    N_ ("Another NAT is beyond the router: the internet sees another address than the router reports."),
    N_ ("Ask the provider for a public address, or map the port on the other NAT as well. If the router "
    "has several internet connections, the packets may have left by another one."),
  },
  [DOCTOR_NOT_REACHED] = {
    "not-reached", 34,
    N_ ("Packets from the internet do not reach the port, although the router maps it."),
    N_ ("Check the firewall of this computer, then that of the router. To be sure, repeat the test with "
    "another STUN server."),
  },
};

static gboolean
is_inner (PlumAddressScope scope)
{
  return scope == PLUM_ADDRESS_SCOPE_PRIVATE || scope == PLUM_ADDRESS_SCOPE_CGNAT;
}

static gboolean
is_reported (PlumAddressScope scope)
{
  return scope != PLUM_ADDRESS_SCOPE_UNKNOWN && scope != PLUM_ADDRESS_SCOPE_UNSPECIFIED;
}

/* A router without an internet connection gets no answers from beyond it. If a next router
 * answered, a router that reports no public address has one in the network of that router. */
static DoctorVerdict
decide_disconnected (const DoctorFindings *f)
{
  switch (is_reported (f->scope) ? f->scope : f->next_scope)
    {
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return DOCTOR_DOUBLE_NAT;
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return DOCTOR_CGNAT;
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    case PLUM_ADDRESS_SCOPE_PUBLIC:
    default:
      return DOCTOR_NOT_CONNECTED;
    }
}

static DoctorVerdict
decide_unserved (const DoctorFindings *f)
{
  if (f->no_next_hop)
    return DOCTOR_NO_NEXT_HOP;
  if (f->other_serves)
    return DOCTOR_OTHER_GATEWAY;
  if (f->stray_answer)
    return DOCTOR_WRONG_ADDRESS;
  if (f->no_public_ipv6)
    return DOCTOR_NO_PUBLIC_IPV6;
  /* The gateway is the provider's: it has no settings that could be changed. */
  if (f->local == PLUM_ADDRESS_SCOPE_CGNAT)
    return DOCTOR_CGNAT;
  if (f->n_no_resources > 0)
    return decide_disconnected (f);
  if (f->n_other_devices > 0)
    return DOCTOR_NOT_A_GATEWAY;
  if (f->n_failed > 0)
    return DOCTOR_CANNOT_MAP;
  if (f->n_refused > 0)
    return DOCTOR_SWITCHED_OFF;
  return f->asked ? DOCTOR_SILENT : DOCTOR_NOT_ASKED;
}

static DoctorVerdict
decide_by_error (int error)
{
  switch (error)
    {
    case PLUM_ERROR_REFUSED:
      return DOCTOR_REFUSED;
    case PLUM_ERROR_NO_RESOURCES:
      return DOCTOR_TABLE_FULL;
    case PLUM_ERROR_CONFLICT:
      return DOCTOR_PORT_TAKEN;
    default:
      return DOCTOR_TRIAL_FAILED;
    }
}

/* A router without a connection uses errors that otherwise mean a policy or a full table. */
static gboolean
seems_disconnected (const DoctorFindings *f)
{
  if (f->tcp.error == PLUM_ERROR_CONFLICT)
    return FALSE;
  if (f->tcp.error == PLUM_ERROR_NO_RESOURCES && is_inner (f->scope))
    return TRUE;

  return f->n_no_resources > 0 || f->address_withheld || f->scope == PLUM_ADDRESS_SCOPE_UNSPECIFIED;
}

static gboolean
is_refused (const DoctorFindings *f)
{
  return f->tried && !f->tcp.mapped && !f->udp.mapped;
}

/* TRUE: the trial decides the verdict. */
static gboolean
decide_by_trial (const DoctorFindings *f, DoctorVerdict *verdict)
{
  if (f->tcp.left_behind || f->udp.left_behind)
    *verdict = DOCTOR_LEFT_BEHIND;
  else if (is_refused (f) && f->router_between)
    *verdict = DOCTOR_DOUBLE_NAT;
  else if (is_refused (f))
    *verdict = seems_disconnected (f) ? decide_disconnected (f) : decide_by_error (f->tcp.error);
  else if ((f->tcp.missing || f->udp.missing) && !f->router_between)
    *verdict = DOCTOR_MISSING;
  else if (f->tcp.mapped != f->udp.mapped)
    *verdict = DOCTOR_ONE_TRANSPORT;
  else
    return FALSE;

  return TRUE;
}

/* The scope of the address at which the internet reaches this computer. */
static PlumAddressScope
get_outermost_scope (const DoctorFindings *f)
{
  if (f->tcp.chained && f->udp.chained && f->tcp.outer == f->udp.outer)
    return f->tcp.outer;
  return f->scope;
}

static DoctorVerdict
decide_working (const DoctorFindings *f)
{
  /* The router has reported that it has no public address. */
  if (f->n_no_resources > 0 && !is_reported (f->scope) && is_inner (f->next_scope))
    return decide_disconnected (f);

  switch (get_outermost_scope (f))
    {
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return DOCTOR_DOUBLE_NAT;
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return DOCTOR_CGNAT;
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      break;
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
      /* PCP reports the address only with a mapping. */
      if (!f->tried && !f->address_withheld)
        break;
      return DOCTOR_NO_ADDRESS;
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return DOCTOR_NO_ADDRESS;
    }

  if (f->nat_beyond)
    return DOCTOR_NAT_BEYOND;
  if (f->not_reached)
    return DOCTOR_NOT_REACHED;
  if (f->direct)
    return DOCTOR_PUBLIC_HOST;
  if (!f->tried)
    return DOCTOR_READY;
  if (f->tcp.lifetime == PLUM_LIFETIME_FOREVER)
    return DOCTOR_PERMANENT_ONLY;
  return DOCTOR_WORKS;
}

/* Of several faults, report the one nearest to this computer: it must be fixed first. */
DoctorVerdict
doctor_verdict_decide (const DoctorFindings *findings)
{
  DoctorVerdict verdict;

  if (!findings->has_gateway)
    return DOCTOR_NO_GATEWAY;
  if (!findings->served)
    return decide_unserved (findings);
  if (findings->tried && decide_by_trial (findings, &verdict))
    return verdict;
  if (findings->router_between)
    return DOCTOR_DOUBLE_NAT;

  return decide_working (findings);
}

gboolean
doctor_verdict_may_be_behind (const DoctorFindings *findings)
{
  if (findings->direct || get_outermost_scope (findings) == PLUM_ADDRESS_SCOPE_PUBLIC)
    return FALSE;
  if (is_inner (findings->scope) || findings->n_no_resources > 0 || findings->address_withheld)
    return TRUE;

  return is_refused (findings) && seems_disconnected (findings);
}

gboolean
doctor_verdict_maps_nothing (const DoctorFindings *findings)
{
  return !findings->served || is_refused (findings) ||
         (!findings->tried && findings->n_no_resources > 0);
}

const char *
doctor_verdict_get_name (DoctorVerdict verdict)
{
  return texts[verdict].name;
}

const char *
doctor_verdict_get_sentence (DoctorVerdict verdict)
{
  return _ (texts[verdict].sentence);
}

const char *
doctor_verdict_get_next_step (DoctorVerdict verdict)
{
  return _ (texts[verdict].next_step);
}

/* Whether the next step is to change something in the router's settings. */
gboolean
doctor_verdict_is_about_settings (DoctorVerdict verdict)
{
  return verdict == DOCTOR_SWITCHED_OFF || verdict == DOCTOR_CANNOT_MAP ||
         verdict == DOCTOR_REFUSED || verdict == DOCTOR_ONE_TRANSPORT || verdict == DOCTOR_MISSING;
}

/* With IPv6, the router opens a pinhole in its firewall. NAT-PMP has no IPv6, and nothing is
 * forwarded. */
const char *
doctor_verdict_get_next_step_ipv6 (DoctorVerdict verdict)
{
  if (verdict == DOCTOR_SILENT || verdict == DOCTOR_SWITCHED_OFF ||
      verdict == DOCTOR_NOT_A_GATEWAY || verdict == DOCTOR_CANNOT_MAP)
    return _ ("Enable PCP or UPnP for IPv6 in the router's settings, or open the port in its IPv6 "
              "firewall there.");

  return doctor_verdict_get_next_step (verdict);
}

int
doctor_verdict_get_exit_code (DoctorVerdict verdict)
{
  return texts[verdict].exit_code;
}
