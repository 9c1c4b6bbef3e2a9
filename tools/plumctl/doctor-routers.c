/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-routers.h"

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
  g_clear_pointer (&self->seen, g_free);
}

DoctorRouter *
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
  return &self->routers[self->n_routers - 1];
}

static DoctorForwards
judge_router (const DoctorRouter *router, const DoctorFindings *findings, DoctorVerdict verdict)
{
  /* At least one of them is to blame. */
  if (verdict == DOCTOR_NOT_REACHED)
    return DOCTOR_FORWARDS_UNKNOWN;
  if (router->role == DOCTOR_ROUTER_BETWEEN && findings->router_between)
    return DOCTOR_FORWARDS_NOTHING;
  if (router->role == DOCTOR_ROUTER_BETWEEN)
    return findings->path_proven ? DOCTOR_FORWARDS : DOCTOR_FORWARDS_UNKNOWN;
  if (router->role == DOCTOR_ROUTER_ASKED && doctor_verdict_maps_nothing (findings))
    return DOCTOR_FORWARDS_NOTHING;
  /* It is not even known whether this router exists. */
  if (!findings->tried || (router->unanswered && verdict == DOCTOR_NOT_CONNECTED))
    return DOCTOR_FORWARDS_UNKNOWN;
  if (router->role == DOCTOR_ROUTER_ASKED && verdict == DOCTOR_MISSING)
    return DOCTOR_FORWARDS_NOTHING;
  return router->n_mapped == 2   ? DOCTOR_FORWARDS
         : router->n_mapped == 1 ? DOCTOR_FORWARDS_ONE
                                 : DOCTOR_FORWARDS_NOTHING;
}

void
doctor_routers_judge (DoctorRouters *self, const DoctorFindings *findings, DoctorVerdict verdict)
{
  for (guint i = 0; i < self->n_routers; i++)
    self->routers[i].forwards = judge_router (&self->routers[i], findings, verdict);
  if (verdict != DOCTOR_NAT_BEYOND)
    g_clear_pointer (&self->seen, g_free);
}

gboolean
doctor_router_is_mapping (const DoctorRouter *router)
{
  return router->role != DOCTOR_ROUTER_BETWEEN && router->n_mapped > 0;
}

gboolean
doctor_routers_is_chain (const DoctorRouters *self)
{
  guint n_mapping = 0;

  for (guint i = 0; i < self->n_routers; i++)
    n_mapping += doctor_router_is_mapping (&self->routers[i]);

  /* A server of the provider maps the ports of a computer without a router of its own. */
  return n_mapping > 1 || (n_mapping == 1 && self->routers[0].role == DOCTOR_ROUTER_PROVIDER);
}

const DoctorRouter *
doctor_routers_find (const DoctorRouters *self, DoctorRouterRole role)
{
  for (guint i = 0; i < self->n_routers; i++)
    if (self->routers[i].role == role)
      return &self->routers[i];

  return NULL;
}

/* The outermost router of those in a row that map the port with both transports; if the first of
 * them does not, that one. NULL: there is none. */
const DoctorRouter *
doctor_routers_find_edge (const DoctorRouters *self)
{
  const DoctorRouter *edge = NULL;

  for (guint i = 0; i < self->n_routers; i++)
    {
      const DoctorRouter *router = &self->routers[i];

      if (router->role == DOCTOR_ROUTER_ASKED || (edge != NULL && router->n_mapped == 2))
        edge = router;
      else if (edge != NULL)
        break;
    }

  return edge;
}

/* The router beyond the edge, or NULL. */
const DoctorRouter *
doctor_routers_find_beyond (const DoctorRouters *self)
{
  const DoctorRouter *edge = doctor_routers_find_edge (self);

  return edge != NULL && edge + 1 < self->routers + self->n_routers ? edge + 1 : NULL;
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

/* What is known about a router, for the end of its line. position: counted from 0. */
static char *
describe_router (const DoctorRouter *router, guint position)
{
  if (router->address == NULL && router->role == DOCTOR_ROUTER_BETWEEN)
    return g_strdup (_ ("address unknown"));
  if (router->address == NULL && router->unanswered && position <= 1)
    return g_strdup (_ ("address unknown: no router answered beyond the first one"));
  if (router->address == NULL && router->unanswered)
    return g_strdup (_ ("address unknown: no router answered beyond the one before it"));
  if (router->address == NULL)
    return g_strdup (_ ("address unknown, not queried"));
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
  g_autofree char *description = describe_router (router, position);

  if (router->role == DOCTOR_ROUTER_PROVIDER)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("provider       %s"), description);
  if (position == 0)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("router         %s"), description);
  if (position == 1)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("second router  %s"), description);

  if (position == 2)
    /* Translators: what is known of the router. Align the lines of the routers in columns. */
    return g_strdup_printf (_ ("third router   %s"), description);

  /* Translators: what is known of the router. Align the lines of the routers in columns. */
  return g_strdup_printf (_ ("further router %s"), description);
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

static void
draw_link (GString *path, DoctorForwards forwards)
{
  switch (forwards)
    {
    case DOCTOR_FORWARDS:
      g_string_append (path, "      |\n");
      break;
    case DOCTOR_FORWARDS_ONE:
      /* Translators: align the text in columns with the lines of the routers. */
      g_string_append (path, _ ("      x        only one of TCP and UDP\n"));
      break;
    case DOCTOR_FORWARDS_NOTHING:
      /* Translators: align the text in columns with the lines of the routers. */
      g_string_append (path, _ ("      x        not forwarded\n"));
      break;
    case DOCTOR_FORWARDS_UNKNOWN:
    default:
      /* Translators: align the text in columns with the lines of the routers. */
      g_string_append (path, _ ("      ?        forwarding unknown\n"));
      break;
    }
}

/* The same as a path from this computer to the internet. The link on the inner side of a router
 * shows whether the router forwards the port. */
char *
doctor_routers_draw (const DoctorRouters *self)
{
  g_autofree char *text = doctor_routers_describe (self);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *path = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_string_append_printf (path, "%s\n", lines[i]);
      if (i < self->n_routers)
        draw_link (path, self->routers[i].forwards);
    }

  if (self->seen != NULL)
    /* Translators: an address with a port. */
    g_string_append_printf (path, _ ("      x        another NAT: the internet sees %s\n"),
                            self->seen);
  else
    g_string_append (path, "      |\n");
  g_string_append (path, _ ("internet"));
  return g_string_free (path, FALSE);
}
