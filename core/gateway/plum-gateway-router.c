/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the router is, as its backends report it. */

#include "plum-gateway-object-private.h"

/* text: (transfer full) (nullable). */
static void
plum_gateway_set_text (PlumGateway *self, char **location, PlumGatewayProperty property, char *text)
{
  if (g_strcmp0 (*location, text) == 0)
    {
      g_free (text);
      return;
    }

  g_free (*location);
  *location = text;
  plum_gateway_notify (self, property);
}

static void
plum_gateway_take_router (PlumGateway *self, const PlumRouterDescription *router)
{
  PlumRouterInfo *info = &self->router;

  plum_gateway_set_text (self, &info->manufacturer, PLUM_GATEWAY_PROP_MANUFACTURER,
                         plum_router_info_make_text (router->manufacturer));
  plum_gateway_set_text (self, &info->model, PLUM_GATEWAY_PROP_MODEL,
                         plum_router_info_make_text (router->model));
  plum_gateway_set_text (self, &info->model_version, PLUM_GATEWAY_PROP_MODEL_VERSION,
                         plum_router_info_make_text (router->model_version));
  plum_gateway_set_text (self, &info->presentation_url, PLUM_GATEWAY_PROP_PRESENTATION_URL,
                         plum_router_info_make_url (router->presentation_url,
                                                    plum_network_get_gateway (self->network)));
}

static void
plum_gateway_take_connection (PlumGateway *self, PlumConnectionStatus status, guint uptime)
{
  if (self->router.connection_status != status)
    {
      self->router.connection_status = status;
      plum_gateway_notify (self, PLUM_GATEWAY_PROP_CONNECTION_STATUS);
    }
  if (self->router.uptime != uptime)
    {
      self->router.uptime = uptime;
      plum_gateway_notify (self, PLUM_GATEWAY_PROP_UPTIME);
    }
}

void
plum_gateway_take_router_info (PlumGateway *self, const PlumBackendEvent *event)
{
  if (event->router != NULL)
    plum_gateway_take_router (self, event->router);
  else
    plum_gateway_take_connection (self, event->status, event->uptime);
}
