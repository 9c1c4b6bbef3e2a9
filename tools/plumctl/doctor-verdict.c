/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-verdict.h"

typedef struct
{
  const char *name;
  int exit_code;
  const char *sentence;
  const char *next_step;
} VerdictText;

/* Names and exit codes are an interface: documented in plumctl(1), never changed. */
static const VerdictText texts[DOCTOR_N_VERDICTS] = {
  [DOCTOR_WORKS] = {
    "works", 0,
    "Port mapping works.",
    "Nothing needs doing. If a program still cannot be reached, look at this computer's firewall.",
  },
  [DOCTOR_READY] = {
    "ready", 0,
    "The router answers and would map ports; no trial was made.",
    "Run it without --no-map to see a port mapped and removed.",
  },
  [DOCTOR_PUBLIC_HOST] = {
    "public-host", 0,
    "This computer has a public address itself: nothing needs mapping.",
    "If a program cannot be reached, look at this computer's firewall.",
  },
  [DOCTOR_PERMANENT_ONLY] = {
    "permanent-only", 0,
    "Port mapping works, but the router knows no leases: a mapping stays until it is removed.",
    "After a crash look at “plumctl list” and remove leftovers with “plumctl unmap”.",
  },
  [DOCTOR_NO_GATEWAY] = {
    "no-gateway", 3,
    "This computer has no route to the internet, so there is no router to ask.",
    "Connect to a network, or name the router with --gateway ADDRESS.",
  },
  [DOCTOR_SILENT] = {
    "silent", 10,
    "The router answers none of the protocols.",
    "Switch on UPnP, NAT-PMP or PCP in the router's settings; behind a VPN, or with two routers, "
    "name the right one with --gateway ADDRESS.",
  },
  [DOCTOR_SWITCHED_OFF] = {
    "switched-off", 11,
    "The router is there, but refuses to be asked: port mapping is switched off, or not known to "
    "it.",
    "Switch on UPnP, NAT-PMP or PCP in the router's settings.",
  },
  [DOCTOR_NOT_A_GATEWAY] = {
    "not-a-gateway", 12,
    "Other devices answered, but none of them is a router that maps ports.",
    "Switch on UPnP, NAT-PMP or PCP in the router's settings.",
  },
  [DOCTOR_WRONG_ADDRESS] = {
    "wrong-address", 13,
    "The gateway's answer came from another address, and such answers are not trusted.",
    "If that address is your router's own, name it with --gateway ADDRESS.",
  },
  [DOCTOR_NOT_CONNECTED] = {
    "not-connected", 14,
    "The router answers, but it has no connection to the internet, or only a private address "
    "there.",
    "Look at the router's connection; if another router stands before it, map the port on that "
    "one, or make this one a bridge.",
  },
  [DOCTOR_CANNOT_MAP] = {
    "cannot-map", 15,
    "The router answers, but offers no port mapping that can be used.",
    "Look for a firmware update, or forward the port by hand in the router's settings.",
  },
  [DOCTOR_REFUSED] = {
    "refused", 20,
    "The router refuses by policy.",
    "Allow this computer to open ports in the router's settings (on a FRITZ!Box: independent "
    "port sharing for this device).",
  },
  [DOCTOR_TABLE_FULL] = {
    "table-full", 21,
    "The router has no room for another mapping, or no connection at present.",
    "Remove what is not needed (“plumctl list”), or restart the router.",
  },
  [DOCTOR_PORT_TAKEN] = {
    "port-taken", 22,
    "The router says that the port belongs to somebody else.",
    "Ask for another external port: plumctl map tcp:8080:18080.",
  },
  [DOCTOR_TRIAL_FAILED] = {
    "trial-failed", 23,
    "The router answers, but a trial mapping did not work.",
    "Record what happens with --record DIR and report it, with the router's model.",
  },
  [DOCTOR_ONE_TRANSPORT] = {
    "one-transport", 24,
    "Only one of TCP and UDP could be mapped.",
    "Forward the other by hand in the router's settings, or look for a firmware update.",
  },
  [DOCTOR_LEFT_BEHIND] = {
    "left-behind", 25,
    "The trial mapping could not be removed again.",
    "Remove it in the router's settings, if it is still there in two minutes.",
  },
  [DOCTOR_DOUBLE_NAT] = {
    "double-nat", 30,
    "The router's own outer address is private: a second router stands before it.",
    "Map the port on the second router as well, or make one of the two a bridge.",
  },
  [DOCTOR_CGNAT] = {
    "cgnat", 31,
    "The router's provider shares one address among many customers (CGNAT).",
    "Ask the provider for a public IPv4 address, or use IPv6.",
  },
  [DOCTOR_NO_ADDRESS] = {
    "no-address", 32,
    "The router maps ports, but it told no address that the internet could reach.",
    "Look at the router's connection to the internet, then run this again.",
  },
};

static gboolean
is_inner (PlumAddressScope scope)
{
  return scope == PLUM_ADDRESS_SCOPE_PRIVATE || scope == PLUM_ADDRESS_SCOPE_CGNAT;
}

static gboolean
is_told (PlumAddressScope scope)
{
  return scope != PLUM_ADDRESS_SCOPE_UNKNOWN && scope != PLUM_ADDRESS_SCOPE_UNSPECIFIED;
}

/* A router that is not connected answers nobody from beyond itself. So where one is there, who says
 * that he has no public address has one in the network of that other. */
static DoctorVerdict
decide_disconnected (const DoctorFindings *f)
{
  switch (is_told (f->scope) ? f->scope : f->next_scope)
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
  if (f->stray_answer)
    return DOCTOR_WRONG_ADDRESS;
  if (f->n_no_resources > 0)
    return decide_disconnected (f);
  if (f->n_strangers > 0)
    return DOCTOR_NOT_A_GATEWAY;
  if (f->n_failed > 0)
    return DOCTOR_CANNOT_MAP;
  if (f->n_refused > 0)
    return DOCTOR_SWITCHED_OFF;
  return DOCTOR_SILENT;
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

/* A router without a connection refuses in words that mean a policy or a full table elsewhere. */
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

/* TRUE if the trial decides. */
static gboolean
decide_by_trial (const DoctorFindings *f, DoctorVerdict *verdict)
{
  if (f->tcp.left_behind || f->udp.left_behind)
    *verdict = DOCTOR_LEFT_BEHIND;
  else if (is_refused (f) && f->router_between)
    *verdict = DOCTOR_DOUBLE_NAT;
  else if (is_refused (f))
    *verdict = seems_disconnected (f) ? decide_disconnected (f) : decide_by_error (f->tcp.error);
  else if (f->tcp.mapped != f->udp.mapped)
    *verdict = DOCTOR_ONE_TRANSPORT;
  else
    return FALSE;

  return TRUE;
}

static DoctorVerdict
decide_working (const DoctorFindings *f)
{
  /* It has said that it has no public address. */
  if (f->n_no_resources > 0 && !is_told (f->scope) && is_inner (f->next_scope))
    return decide_disconnected (f);

  switch (f->scope)
    {
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return DOCTOR_DOUBLE_NAT;
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return DOCTOR_CGNAT;
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      break;
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
      /* PCP tells it with a mapping, and not before. */
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

  if (f->direct)
    return DOCTOR_PUBLIC_HOST;
  if (!f->tried)
    return DOCTOR_READY;
  if (f->tcp.lifetime == PLUM_LIFETIME_FOREVER)
    return DOCTOR_PERMANENT_ONLY;
  return DOCTOR_WORKS;
}

/* Of several faults the one nearest to this computer: it must be mended first. */
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
  if (findings->direct)
    return FALSE;
  if (is_inner (findings->scope) || findings->n_no_resources > 0 || findings->address_withheld)
    return TRUE;

  return is_refused (findings) && seems_disconnected (findings);
}

gboolean
doctor_verdict_opens_nothing (const DoctorFindings *findings)
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
  return texts[verdict].sentence;
}

const char *
doctor_verdict_get_next_step (DoctorVerdict verdict)
{
  return texts[verdict].next_step;
}

int
doctor_verdict_get_exit_code (DoctorVerdict verdict)
{
  return texts[verdict].exit_code;
}
