/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "alternative.h"

#include "describe.h"
#include "output.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  Session *session;
  GSocketFamily family;
  int exit_code;
} Search;

PlumGateway *
alternative_dup_used (PlumManager *manager, GSocketFamily family)
{
  GListModel *gateways = plum_manager_get_gateways (manager);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (plum_gateway_get_family (gateway) == family)
        return g_steal_pointer (&gateway);
    }

  return NULL;
}

/* The first other gateway of a family that matches. */
static PlumGateway *
dup_other (PlumManager *manager, GSocketFamily family, gboolean (*matches) (PlumGateway *))
{
  GListModel *gateways = plum_manager_get_gateways (manager);
  g_autoptr (PlumGateway) used = alternative_dup_used (manager, family);

  for (guint i = 0; i < g_list_model_get_n_items (gateways); i++)
    {
      g_autoptr (PlumGateway) gateway = g_list_model_get_item (gateways, i);

      if (gateway != used && plum_gateway_get_family (gateway) == family && matches (gateway))
        return g_steal_pointer (&gateway);
    }

  return NULL;
}

static gboolean
is_serving (PlumGateway *gateway)
{
  return plum_gateway_get_backend_name (gateway) != NULL &&
         plum_gateway_get_address (gateway) != NULL;
}

static gboolean
has_router (PlumGateway *gateway)
{
  return plum_gateway_get_address (gateway) != NULL;
}

/* Whether the route in use has no next hop, and this computer needs one. */
gboolean
alternative_is_tunnel (PlumManager *manager, GSocketFamily family)
{
  g_autoptr (PlumGateway) used = alternative_dup_used (manager, family);

  return used != NULL && plum_gateway_get_address (used) == NULL &&
         plum_gateway_get_backend_name (used) == NULL;
}

/* Whether the gateway in use maps no ports, but that of another interface does. */
gboolean
alternative_exists (PlumManager *manager, GSocketFamily family)
{
  g_autoptr (PlumGateway) used = alternative_dup_used (manager, family);
  g_autoptr (PlumGateway) other = dup_other (manager, family, is_serving);

  return used != NULL && plum_gateway_get_backend_name (used) == NULL && other != NULL;
}

static char *
describe_place (PlumGateway *gateway)
{
  g_autofree char *address = describe_address (plum_gateway_get_address (gateway));

  return g_strdup_printf (
    /* Translators: an address, and an interface. */
    C_ ("place", "%s on %s"), address, plum_gateway_get_interface (gateway));
}

char *
alternative_dup_reason (PlumManager *manager, GSocketFamily family)
{
  g_autoptr (PlumGateway) used = alternative_dup_used (manager, family);
  g_autoptr (PlumGateway) other = dup_other (manager, family, is_serving);
  g_autofree char *place = NULL;
  g_autofree char *other_place = NULL;

  if (alternative_is_tunnel (manager, family))
    return g_strdup_printf (
      _ ("No router is on the path to the internet: the route through %s has no "
         "next hop (a VPN, a mobile network or a dial-up connection)."),
      plum_gateway_get_interface (used));
  if (!alternative_exists (manager, family))
    return NULL;

  place = describe_place (used);
  other_place = describe_place (other);
  return g_strdup_printf (
    _ ("The router of the default route, %s, maps no ports, but that of another "
       "network, %s, does."),
    place, other_place);
}

char *
alternative_dup_step (PlumManager *manager, GSocketFamily family)
{
  g_autoptr (PlumGateway) serving = dup_other (manager, family, is_serving);
  g_autoptr (PlumGateway) other = dup_other (manager, family, has_router);
  g_autofree char *address =
    serving != NULL ? describe_address (plum_gateway_get_address (serving)) : NULL;

  if (alternative_is_tunnel (manager, family) && serving != NULL)
    return g_strdup_printf (_ ("Specify the server of the VPN with --gateway ADDRESS, or use the "
                               "router %s, which maps ports, with --interface %s."),
                            address, plum_gateway_get_interface (serving));
  if (alternative_is_tunnel (manager, family))
    return g_strdup_printf (
      _ ("Specify the server of the VPN with --gateway ADDRESS, or the router of "
         "another network with --interface %s."),
      other != NULL ? plum_gateway_get_interface (other) : _ ("NAME"));
  if (alternative_exists (manager, family))
    return g_strdup_printf (_ ("Use the other router with --interface %s or --gateway %s."),
                            plum_gateway_get_interface (serving), address);

  return NULL;
}

/* Prints advice after a failure, from what is known, and closes the session. */
void
alternative_close_at_once (Session *session, GSocketFamily family, int exit_code)
{
  g_autofree char *reason = alternative_dup_reason (session->manager, family);
  g_autofree char *step = alternative_dup_step (session->manager, family);

  if (alternative_is_tunnel (session->manager, family)) /* the reason is in the error */
    output_hint ("%s", step);
  else if (reason != NULL)
    output_hint ("%s %s", reason, step);
  else
    output_hint (_ ("Run “plumctl doctor” to find out why."));
  session_close (session, exit_code);
}

static void
on_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  g_autofree Search *search = user_data;

  plum_manager_discover_family_finish (PLUM_MANAGER (object), result, NULL);
  if (!search->session->closing)
    alternative_close_at_once (search->session, search->family, search->exit_code);
}

/* The same, but queries the routers of other networks first, if there are any. */
void
alternative_close (Session *session, GSocketFamily family, int exit_code)
{
  g_autoptr (PlumGateway) other = dup_other (session->manager, family, has_router);
  Search *search;

  if (other == NULL)
    {
      alternative_close_at_once (session, family, exit_code);
      return;
    }

  search = g_new0 (Search, 1);
  search->session = session;
  search->family = family;
  search->exit_code = exit_code;
  plum_manager_discover_family_async (session->manager, family, NULL, on_discovered, search);
}
