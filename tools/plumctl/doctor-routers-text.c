/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The verdicts and next steps that name routers. */

#include "doctor-routers.h"

#include "common-options.h"
#include "way-text.h"

#include <glib/gi18n-lib.h>

/* The routers that map the port. */
char *
doctor_routers_dup_way (const DoctorRouters *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->n_routers; i++)
    {
      const DoctorRouter *router = &self->routers[i];

      if (doctor_router_is_mapping (router))
        g_ptr_array_add (names, router->role == DOCTOR_ROUTER_PROVIDER
                                  ? g_strdup_printf (C_ ("way", "the provider's server %s"),
                                                     router->address)
                                  : g_strdup (router->address));
    }

  return way_text_join (names);
}

/* "a second router": the one beyond the edge. */
static const char *
describe_position (const DoctorRouters *self)
{
  const DoctorRouter *beyond = doctor_routers_find_beyond (self);
  guint position = beyond != NULL ? (guint) (beyond - self->routers) : 1;

  if (beyond != NULL && beyond->role == DOCTOR_ROUTER_PROVIDER)
    /* Translators: ends the sentence “it is behind %s”. */
    return C_ ("behind", "a router of the provider");
  if (position == 1)
    /* Translators: ends the sentence “it is behind %s”. */
    return C_ ("behind", "a second router");
  if (position == 2)
    /* Translators: ends the sentence “it is behind %s”. */
    return C_ ("behind", "a third router");
  /* Translators: ends the sentence “it is behind %s”. */
  return C_ ("behind", "a further router");
}

/* What the router beyond the edge did when it was asked to map the port; NULL: unknown. */
static char *
dup_beyond (const DoctorRouters *self, const DoctorRouter *next)
{
  if (next->address != NULL && next->forwards == DOCTOR_FORWARDS_ONE)
    return g_strdup_printf (_ ("%s maps only one of TCP and UDP."), next->address);
  if (self->beyond == DOCTOR_BEYOND_LIMITED)
    return g_strdup_printf (_ ("That router is not asked to map ports, because of --max-hops %u."),
                            self->max_hops);
  if (next->address == NULL)
    return NULL;
  if (self->beyond == DOCTOR_BEYOND_SILENT)
    return g_strdup_printf (_ ("%s does not answer any protocol."), next->address);
  if (self->beyond == DOCTOR_BEYOND_REFUSED)
    return g_strdup_printf (_ ("%s refuses to map the port."), next->address);
  return NULL;
}

/* Names the addresses as far as they are known. */
static char *
dup_double_nat (const DoctorRouters *self, const DoctorRouter *edge, const DoctorRouter *next)
{
  g_autofree char *beyond = dup_beyond (self, next);
  g_autofree char *text = NULL;

  if (edge->external == NULL)
    /* Translators: two routers, and the first one again. */
    return g_strdup_printf (_ (
                              "The router %s does not report a public address, and the next router "
                              "on the path to the internet, %s, has a private address: %s is "
                              "behind a second router."),
                            edge->address, next->address, edge->address);

  if (next->address == NULL)
    /* Translators: a router, its address, and “a second router” or the like. */
    text =
      g_strdup_printf (_ ("The external address of the router %s is the private address %s: it "
                          "is behind %s."),
                       edge->address, edge->external, describe_position (self));
  else
    /* Translators: a router, its address, “a second router” or the like, and its address. */
    text =
      g_strdup_printf (_ ("The external address of the router %s is the private address %s: it "
                          "is behind %s, %s."),
                       edge->address, edge->external, describe_position (self), next->address);

  return beyond != NULL ? g_strdup_printf ("%s %s", text, beyond) : g_steal_pointer (&text);
}

static char *
dup_between (const DoctorRouter *between, const DoctorRouter *asked)
{
  if (between->address != NULL)
    /* Translators: a router, another one, and the second one again. */
    return g_strdup_printf (_ ("Another router, %s, is between this computer and %s: ports that %s "
                               "maps lead to that router only."),
                            between->address, asked->address, asked->address);

  /* Translators: a router, twice. */
  return g_strdup_printf (_ ("Another router is between this computer and %s: ports that %s maps "
                             "lead to that router only."),
                          asked->address, asked->address);
}

static const DoctorRouter *
find_permanent (const DoctorRouters *self)
{
  for (guint i = 0; i < self->n_routers; i++)
    if (self->routers[i].permanent)
      return &self->routers[i];

  return NULL;
}

static char *
dup_working (const DoctorRouters *self, DoctorVerdict verdict)
{
  const DoctorRouter *between = doctor_routers_find (self, DOCTOR_ROUTER_BETWEEN);
  const DoctorRouter *asked = doctor_routers_find (self, DOCTOR_ROUTER_ASKED);
  const DoctorRouter *permanent = find_permanent (self);
  g_autofree char *way = NULL;

  if (between != NULL && between->forwards == DOCTOR_FORWARDS_UNKNOWN)
    /* Translators: a router, another one, and the first one again. */
    return g_strdup_printf (_ ("The router %s maps ports. Another router, %s, is between it and "
                               "this computer: if that one translates addresses, ports that %s "
                               "maps lead to it only."),
                            asked->address, between->address, asked->address);
  if (!doctor_routers_is_chain (self))
    return NULL;

  way = doctor_routers_dup_way (self);
  if (verdict == DOCTOR_PERMANENT_ONLY && permanent != NULL)
    /* Translators: a list of routers, and one of them. */
    return g_strdup_printf (_ ("Port mapping works, through %s, but %s supports only permanent "
                               "leases."),
                            way, permanent->address);
  /* Translators: a list of routers. */
  return g_strdup_printf (_ ("Port mapping works, through %s."), way);
}

static gboolean
is_shared (const char *address)
{
  g_autoptr (GInetAddress) parsed =
    address != NULL ? g_inet_address_new_from_string (address) : NULL;

  return plum_address_get_scope (parsed) == PLUM_ADDRESS_SCOPE_CGNAT;
}

/* Whether a server of the provider may be asked to map a port. */
static gboolean
may_ask_provider (const DoctorRouters *self)
{
  return !self->no_map && self->max_hops > 1;
}

static char *
dup_cgnat (const DoctorRouters *self, const DoctorRouter *edge)
{
  if (edge->external != NULL)
    return g_strdup_printf (
      _ ("The external address of the router %s is %s, which the provider shares "
         "among several customers (CGNAT)."),
      edge->address, edge->external);
  if (is_shared (self->local) && !may_ask_provider (self))
    return g_strdup_printf (_ ("The address of this computer is %s: the provider shares one public "
                               "address among several customers (CGNAT)."),
                            self->local);
  if (is_shared (self->local))
    return g_strdup_printf (_ ("The address of this computer is %s: the provider shares one public "
                               "address among several customers (CGNAT), and maps no ports."),
                            self->local);
  return NULL;
}

/* The sentence of the verdict with the known addresses; NULL: use the general sentence. */
char *
doctor_routers_dup_sentence (const DoctorRouters *self, DoctorVerdict verdict)
{
  const DoctorRouter *between = doctor_routers_find (self, DOCTOR_ROUTER_BETWEEN);
  const DoctorRouter *edge = doctor_routers_find_edge (self);
  const DoctorRouter *next = doctor_routers_find_beyond (self);

  if (verdict == DOCTOR_WORKS || verdict == DOCTOR_PERMANENT_ONLY)
    return dup_working (self, verdict);
  if (edge == NULL)
    return NULL;
  if (verdict == DOCTOR_DOUBLE_NAT && between != NULL)
    return dup_between (between, doctor_routers_find (self, DOCTOR_ROUTER_ASKED));
  if (verdict == DOCTOR_DOUBLE_NAT && next != NULL &&
      (edge->external != NULL || next->address != NULL))
    return dup_double_nat (self, edge, next);
  if (verdict == DOCTOR_CGNAT)
    return dup_cgnat (self, edge);
  if (verdict == DOCTOR_NO_ADDRESS && doctor_routers_is_chain (self))
    return g_strdup_printf (_ ("The router %s maps ports, but did not report a public address."),
                            edge->address);

  return NULL;
}

/* A server of the provider is not asked because of --max-hops. */
static char *
dup_provider_step (guint n_needed)
{
  return g_strdup_printf (
    _ ("Repeat with --max-hops %u, so that a server of the provider is asked as well; other "
       "commands have the same option. Otherwise, ask the provider for a public IPv4 address, or "
       "use IPv6."),
    n_needed);
}

/* The router beyond is not asked: how to ask it, and what to do otherwise. */
static char *
dup_limited_step (const DoctorRouters *self, const DoctorRouter *edge)
{
  guint n_needed = 0;

  for (guint i = 0; i < self->n_routers; i++)
    n_needed += self->routers[i].role != DOCTOR_ROUTER_BETWEEN;
  n_needed = MIN (n_needed, COMMON_MAX_HOPS);

  if (edge->scope == PLUM_ADDRESS_SCOPE_CGNAT)
    return dup_provider_step (n_needed);
  return g_strdup_printf (
    _ ("Repeat with --max-hops %u, so that the router beyond %s is asked as well; other commands "
       "have the same option. Otherwise, forward the port on that router to %s manually, or "
       "configure one of the routers as a bridge."),
    n_needed, edge->address, edge->external);
}

/* How to forward the port on both routers, and the alternatives. */
static char *
dup_double_nat_step (const DoctorRouters *self, const DoctorRouter *edge, const DoctorRouter *next)
{
  g_autofree char *where = edge->external != NULL
                             ? g_strdup (edge->external)
                             : g_strdup_printf (_ ("the external address of %s"), edge->address);

  if (self->maps_nothing)
    return g_strdup_printf (
      _ ("Configure one of the two routers as a bridge, or forward the port "
         "manually on both: on %s to %s, and on %s to this computer. %s maps no "
         "ports while its external address is not public."),
      next->address, where, edge->address, edge->address);

  if (self->no_map && self->max_hops > 1)
    return g_strdup_printf (
      _ ("Run the doctor without --no-map, so that %s is asked to map the port as well. Otherwise, "
         "forward the port on %s to %s manually, or configure one of the two routers as a bridge."),
      next->address, next->address, where);

  if (next->forwards == DOCTOR_FORWARDS_ONE)
    return g_strdup_printf (
      _ ("Update the firmware of %s, or forward the port on %s to %s manually, "
         "or configure one of the two routers as a bridge."),
      next->address, next->address, where);

  if (self->beyond != DOCTOR_BEYOND_NOT_ASKED)
    return g_strdup_printf (
      _ ("Enable UPnP, NAT-PMP or PCP in the settings of %s and allow them for %s, or forward the "
         "port on %s to %s manually, or configure one of the two routers as a bridge."),
      next->address, where, next->address, where);

  return g_strdup_printf (
    _ ("Forward the port on %s to %s as well, or configure one of the two "
       "routers as a bridge. If %s belongs to the provider, ask the provider for "
       "a public address."),
    next->address, where, next->address);
}

static char *
dup_behind_step (const DoctorRouters *self)
{
  const DoctorRouter *edge = doctor_routers_find_edge (self);
  const DoctorRouter *next = doctor_routers_find_beyond (self);

  if (edge == NULL || next == NULL)
    return NULL;
  if (self->beyond == DOCTOR_BEYOND_LIMITED && edge->external != NULL)
    return dup_limited_step (self, edge);
  if (next->role == DOCTOR_ROUTER_PROVIDER)
    return g_strdup (_ ("Ask the provider for a public IPv4 address, or use IPv6."));
  if (next->address != NULL)
    return dup_double_nat_step (self, edge, next);
  if (edge->role == DOCTOR_ROUTER_ASKED)
    return NULL;
  return g_strdup_printf (_ (
                            "Forward the port on the router beyond %s to %s manually, or configure "
                            "one of the routers as a bridge."),
                          edge->address, edge->external);
}

static char *
dup_cgnat_step (const DoctorRouters *self, const DoctorRouter *edge)
{
  gboolean shared = is_shared (self->local);
  gboolean unmapped = self->no_map && (shared || !self->maps_nothing);

  if (self->beyond == DOCTOR_BEYOND_LIMITED && edge != NULL && edge->external != NULL)
    return dup_limited_step (self, edge);
  if (unmapped && self->max_hops == 1)
    return g_strdup (_ ("Repeat with --max-hops 2 and without --no-map, so that a server of the "
                        "provider is asked as well. Otherwise, ask the provider for a public IPv4 "
                        "address, or use IPv6."));
  if (shared && self->max_hops == 1)
    return dup_provider_step (2);
  if (unmapped)
    return g_strdup (
      _ ("Run the doctor without --no-map, so that a server of the provider is asked "
         "as well. Otherwise, ask the provider for a public IPv4 address, or use "
         "IPv6."));
  return NULL;
}

static char *
dup_between_step (const DoctorRouter *between)
{
  if (between->address == NULL)
    return g_strdup (_ ("Map the port on the router in between as well, or configure one of the "
                        "two routers as a bridge."));
  return g_strdup_printf (_ ("Map the port on %s as well (“plumctl doctor --gateway %s” checks "
                             "whether it can), or configure one of the two routers as a bridge."),
                          between->address, between->address);
}

/* NULL: use the general next step. */
char *
doctor_routers_dup_next_step (const DoctorRouters *self, DoctorVerdict verdict)
{
  const DoctorRouter *between = doctor_routers_find (self, DOCTOR_ROUTER_BETWEEN);
  const DoctorRouter *edge = doctor_routers_find_edge (self);
  g_autofree char *way = NULL;

  if (verdict == DOCTOR_DOUBLE_NAT)
    return between != NULL ? dup_between_step (between) : dup_behind_step (self);
  if (verdict == DOCTOR_CGNAT)
    return dup_cgnat_step (self, edge);
  if (verdict == DOCTOR_NOT_REACHED && doctor_routers_is_chain (self))
    {
      way = doctor_routers_dup_way (self);
      /* Translators: a list of routers. */
      return g_strdup_printf (
        _ ("Check the firewall of this computer, then those of %s. To be sure, "
           "repeat the test with another STUN server."),
        way);
    }
  if (verdict == DOCTOR_WORKS && between != NULL && between->forwards == DOCTOR_FORWARDS_UNKNOWN)
    return g_strdup_printf (_ ("Test the port from outside (--stun), or examine %s with “plumctl "
                               "doctor --gateway %s”."),
                            between->address, between->address);

  return NULL;
}
