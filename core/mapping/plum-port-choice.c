/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-port-choice-private.h"

#include "plum-mapping-private.h"

#include <glib/gi18n-lib.h>

gboolean
plum_port_choice_is_met (PlumMapping *mapping, guint external_port)
{
  guint required = plum_mapping_get_required_port (mapping);

  return required == 0 || required == external_port;
}

guint
plum_port_choice_get_required (GSList *users, guint leased_port)
{
  guint first = 0;
  gboolean served = FALSE;

  for (GSList *l = users; l != NULL; l = l->next)
    {
      guint required = plum_mapping_get_required_port (l->data);

      if (leased_port != 0 && required == leased_port)
        return leased_port;
      if (required == 0)
        served = leased_port != 0;
      else if (first == 0)
        first = required;
    }

  return served ? 0 : first;
}

guint
plum_port_choice_reserve (const PlumPortHints *hints,
                          guint required_port,
                          PlumProtocol protocol,
                          guint internal_port,
                          const PlumHosts *hosts,
                          PlumGateway *gateway,
                          PlumGatewayClient *client)
{
  const guint preferred[] = { hints->known, hints->requested, hints->recalled, internal_port };

  if (required_port != 0)
    return plum_gateway_hold_port (gateway, protocol, required_port, hosts, client) ? required_port
                                                                                    : 0;

  for (unsigned int i = 0; i < G_N_ELEMENTS (preferred); i++)
    if (preferred[i] != 0 &&
        plum_gateway_hold_port (gateway, protocol, preferred[i], hosts, client))
      return preferred[i];

  return plum_gateway_reserve_port (gateway, protocol, hosts, client);
}

/* --- Errors --- */

static const char *
get_protocol_name (PlumProtocol protocol)
{
  return protocol == PLUM_PROTOCOL_TCP ? "TCP" : "UDP";
}

GError *
plum_port_choice_make_shared_error (PlumMapping *mapping, guint external_port, gboolean leased)
{
  return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                      leased
                        /* Translators: two ports, TCP or UDP, and its port. */
                        ? _ ("External port %u is required, but another mapping of this program "
                             "uses external port %u for %s port %u")
                        /* Translators: two ports, TCP or UDP, and its port. */
                        : _ ("External port %u is required, but another mapping of this program "
                             "requires external port %u for %s port %u"),
                      plum_mapping_get_required_port (mapping), external_port,
                      get_protocol_name (plum_mapping_get_spec (mapping)->protocol),
                      plum_mapping_get_spec (mapping)->internal_port);
}

GError *
plum_port_choice_make_beyond_error (PlumMapping *mapping,
                                    guint external_port,
                                    const GError *upstream_error)
{
  return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                      _ (
                        "External port %u is required, but the outermost router that maps the port "
                        "granted external port %u: %s"),
                      plum_mapping_get_required_port (mapping), external_port,
                      upstream_error->message);
}

GError *
plum_port_choice_make_own_error (PlumProtocol protocol, guint internal_port, guint external_port)
{
  return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                      _ ("Another mapping of this program uses external port %u for %s port %u"),
                      external_port, get_protocol_name (protocol), internal_port);
}

GError *
plum_port_choice_make_grant_error (const char *backend_name,
                                   guint granted_port,
                                   guint required_port)
{
  return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                      _ ("External port %u is required, but the router granted external port %u to "
                         "the %s backend"),
                      required_port, granted_port, backend_name);
}

GError *
plum_port_choice_make_displaced_error (void)
{
  return g_error_new (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                      _ ("The router granted an external port that another mapping of this program "
                         "uses"));
}
