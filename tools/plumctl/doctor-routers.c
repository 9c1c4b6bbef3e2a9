/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-routers.h"

#include "way-text.h"

#include <glib/gi18n-lib.h>

void
doctor_routers_clear (DoctorRouters *self)
{
  for (guint i = 0; i < self->n_routers; i++)
    {
      g_clear_pointer (&self->routers[i].address, g_free);
      g_clear_pointer (&self->routers[i].external, g_free);
    }
  self->n_routers = 0;
  g_clear_pointer (&self->local, g_free);
  g_clear_pointer (&self->interface, g_free);
}

void
doctor_routers_add (DoctorRouters *self,
                    DoctorRouterRole role,
                    const char *address,
                    const char *external,
                    PlumAddressScope scope)
{
  g_assert (self->n_routers < G_N_ELEMENTS (self->routers));

  self->routers[self->n_routers++] = (DoctorRouter){
    .role = role,
    .address = g_strdup (address),
    .external = g_strdup (external),
    .scope = scope,
  };
}

/* The names in JSON, documented in docs/plumctl-json.md. */
const char *
doctor_router_role_get_name (DoctorRouterRole role)
{
  switch (role)
    {
    case DOCTOR_ROUTER_BETWEEN:
      return "between";
    case DOCTOR_ROUTER_NEXT:
      return "next";
    case DOCTOR_ROUTER_PROVIDER:
      return "provider";
    case DOCTOR_ROUTER_ASKED:
    default:
      return "asked";
    }
}

static const char *
get_scope_text (PlumAddressScope scope)
{
  switch (scope)
    {
    case PLUM_ADDRESS_SCOPE_PUBLIC:
      return _ ("public");
    case PLUM_ADDRESS_SCOPE_PRIVATE:
      return _ ("private");
    case PLUM_ADDRESS_SCOPE_CGNAT:
      return _ ("shared by the provider: CGNAT");
    case PLUM_ADDRESS_SCOPE_UNKNOWN:
    case PLUM_ADDRESS_SCOPE_UNSPECIFIED:
    case PLUM_ADDRESS_SCOPE_LOOPBACK:
    case PLUM_ADDRESS_SCOPE_LINK_LOCAL:
    case PLUM_ADDRESS_SCOPE_DOCUMENTATION:
    case PLUM_ADDRESS_SCOPE_RESERVED:
    case PLUM_ADDRESS_SCOPE_MULTICAST:
    default:
      return _ ("not a public address");
    }
}

/* What is known about a router, for the end of its line. */
static char *
describe_router (const DoctorRouter *router)
{
  if (router->address == NULL && router->role == DOCTOR_ROUTER_BETWEEN)
    return g_strdup (_ ("address unknown"));
  if (router->address == NULL)
    return g_strdup (_ ("address unknown: no router answered beyond the first one"));
  if (router->role == DOCTOR_ROUTER_PROVIDER && router->external == NULL)
    return g_strdup_printf (_ ("%s, not queried"), router->address);
  if (router->external == NULL)
    return g_strdup_printf (_ ("%s, external address unknown"), router->address);

  return g_strdup_printf (_ ("%s, external address %s (%s)"), router->address, router->external,
                          get_scope_text (router->scope));
}

static char *
describe_this_computer (const DoctorRouters *self)
{
  const char *local = self->local != NULL ? self->local : _ ("unknown");

  if (self->interface == NULL)
    /* Translators: an address. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("this computer  %s"), local);

  /* Translators: an address, and an interface. Align the lines of the routers in columns. */
  return g_strdup_printf (_ ("this computer  %s on %s"), local, self->interface);
}

/* The line of the router at a position, counted from 0. */
static char *
describe_line (const DoctorRouter *router, guint position)
{
  g_autofree char *description = describe_router (router);

  if (router->role == DOCTOR_ROUTER_PROVIDER)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("provider       %s"), description);
  if (position == 0)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("router         %s"), description);
  if (position == 1)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("second router  %s"), description);

  /* Translators: what is known of the router. Align the lines of the routers in columns. */
  return g_strdup_printf (_ ("third router   %s"), description);
}

/* Describes the routers and their addresses, one per line, starting at this computer. */
char *
doctor_routers_describe (const DoctorRouters *self)
{
  g_autofree char *start = describe_this_computer (self);
  GString *text = g_string_new (start);

  for (guint i = 0; i < self->n_routers; i++)
    {
      g_autofree char *line = describe_line (&self->routers[i], i);

      g_string_append_printf (text, "\n%s", line);
    }

  return g_string_free (text, FALSE);
}

/* The same as a path from this computer to the internet, and where it is interrupted: a connection
 * from the internet reaches the outer router, which does not forward it. */
char *
doctor_routers_draw (const DoctorRouters *self)
{
  g_autofree char *text = doctor_routers_describe (self);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *path = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_string_append_printf (path, "%s\n", lines[i]);
      if (i == 1 && !self->chained)
        g_string_append_printf (path, "      x        %s\n", _ ("the path ends here"));
      else
        g_string_append (path, "      |\n");
    }
  g_string_append (path, _ ("internet"));
  return g_string_free (path, FALSE);
}

static const DoctorRouter *
find_router (const DoctorRouters *self, DoctorRouterRole role)
{
  for (guint i = 0; i < self->n_routers; i++)
    if (self->routers[i].role == role)
      return &self->routers[i];

  return NULL;
}

/* "192.168.1.1 and 192.168.0.1" */
static char *
dup_way (const DoctorRouters *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->n_routers; i++)
    {
      const DoctorRouter *router = &self->routers[i];

      g_ptr_array_add (names,
                       router->role == DOCTOR_ROUTER_PROVIDER
                         ? g_strdup_printf (C_ ("way", "the provider's server %s"), router->address)
                         : g_strdup (router->address));
    }
  return way_text_join (names);
}

/* What the second router did when it was asked to map the port; NULL: it was not asked. */
static char *
dup_beyond (const DoctorRouters *self, const DoctorRouter *next)
{
  if (self->beyond == DOCTOR_BEYOND_NOT_ASKED || next->address == NULL)
    return NULL;
  if (self->beyond == DOCTOR_BEYOND_SILENT)
    return g_strdup_printf (_ ("%s does not answer any protocol."), next->address);
  return g_strdup_printf (_ ("%s refuses to map the port."), next->address);
}

/* Names the addresses as far as they are known. */
static char *
dup_double_nat (const DoctorRouters *self, const DoctorRouter *asked, const DoctorRouter *next)
{
  g_autofree char *beyond = dup_beyond (self, next);
  g_autofree char *text = NULL;

  if (asked->external == NULL)
    /* Translators: two routers, and the first one again. */
    return g_strdup_printf (_ (
                              "The router %s does not report a public address, and the next router "
                              "on the path to the internet, %s, has a private address: %s is "
                              "behind a second router."),
                            asked->address, next->address, asked->address);

  if (next->address == NULL)
    text =
      g_strdup_printf (_ ("The external address of the router %s is the private address %s: it "
                          "is behind a second router."),
                       asked->address, asked->external);
  else
    /* Translators: a router, its address, and another router. */
    text =
      g_strdup_printf (_ ("The external address of the router %s is the private address %s: it "
                          "is behind a second router, %s."),
                       asked->address, asked->external, next->address);

  return beyond != NULL ? g_strdup_printf ("%s %s", text, beyond) : g_steal_pointer (&text);
}

/* The sentence of the verdict with the known addresses; NULL: use the general sentence. */
char *
doctor_routers_dup_sentence (const DoctorRouters *self, DoctorVerdict verdict)
{
  const DoctorRouter *between = find_router (self, DOCTOR_ROUTER_BETWEEN);
  const DoctorRouter *asked = find_router (self, DOCTOR_ROUTER_ASKED);
  const DoctorRouter *next = find_router (self, DOCTOR_ROUTER_NEXT);
  g_autofree char *way = NULL;

  if (self->chained && (verdict == DOCTOR_WORKS || verdict == DOCTOR_PERMANENT_ONLY))
    {
      way = dup_way (self);
      /* Translators: a list of routers. */
      return g_strdup_printf (_ ("Port mapping works, through %s."), way);
    }
  if (verdict == DOCTOR_DOUBLE_NAT && between != NULL && between->address != NULL)
    /* Translators: a router, another one, and the second one again. */
    return g_strdup_printf (_ ("Another router, %s, is between this computer and %s: ports that %s "
                               "maps lead to that router only."),
                            between->address, asked->address, asked->address);
  if (verdict == DOCTOR_DOUBLE_NAT && between != NULL)
    /* Translators: a router, twice. */
    return g_strdup_printf (_ ("Another router is between this computer and %s: ports that %s maps "
                               "lead to that router only."),
                            asked->address, asked->address);
  if (verdict == DOCTOR_DOUBLE_NAT && next != NULL &&
      (asked->external != NULL || next->address != NULL))
    return dup_double_nat (self, asked, next);
  if (verdict == DOCTOR_CGNAT && asked != NULL && asked->external != NULL)
    return g_strdup_printf (
      _ ("The external address of the router %s is %s, which the provider shares "
         "among several customers (CGNAT)."),
      asked->address, asked->external);

  return NULL;
}

/* How to forward the port on both routers, and the alternatives. */
static char *
dup_double_nat_step (const DoctorRouters *self, const DoctorRouter *asked, const DoctorRouter *next)
{
  g_autofree char *where = asked->external != NULL
                             ? g_strdup (asked->external)
                             : g_strdup_printf (_ ("the external address of %s"), asked->address);

  if (self->maps_nothing)
    return g_strdup_printf (
      _ ("Configure one of the two routers as a bridge, or forward the port "
         "manually on both: on %s to %s, and on %s to this computer. %s maps no "
         "ports while its external address is not public."),
      next->address, where, asked->address, asked->address);

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

/* NULL: use the general next step. */
char *
doctor_routers_dup_next_step (const DoctorRouters *self, DoctorVerdict verdict)
{
  const DoctorRouter *between = find_router (self, DOCTOR_ROUTER_BETWEEN);
  const DoctorRouter *asked = find_router (self, DOCTOR_ROUTER_ASKED);
  const DoctorRouter *next = find_router (self, DOCTOR_ROUTER_NEXT);

  if (verdict != DOCTOR_DOUBLE_NAT)
    return NULL;

  if (between != NULL && between->address != NULL)
    return g_strdup_printf (_ ("Map the port on %s as well (“plumctl doctor --gateway %s” checks "
                               "whether it can), or configure one of the two routers as a bridge."),
                            between->address, between->address);
  if (between != NULL)
    return g_strdup (_ ("Map the port on the router in between as well, or configure one of the "
                        "two routers as a bridge."));
  if (next == NULL || next->address == NULL)
    return NULL;

  return dup_double_nat_step (self, asked, next);
}
