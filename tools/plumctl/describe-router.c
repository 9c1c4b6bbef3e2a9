/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "describe-router.h"

#include "describe.h"
#include "router-text.h"

#include <glib/gi18n-lib.h>

/* What the router is, and where its settings are; NULL if it has reported neither. */
char *
describe_router (PlumGateway *gateway)
{
  const char *version = plum_gateway_get_model_version (gateway);
  const char *url = plum_gateway_get_presentation_url (gateway);
  g_autofree char *name = router_text_dup_name (gateway);
  g_autofree char *text = NULL;

  if (name == NULL && url == NULL)
    return NULL;

  if (name == NULL)
    text = g_strdup (_ ("unknown model"));
  else if (version != NULL)
    /* Translators: the name of a router, and its version. */
    text = g_strdup_printf (_ ("%s (version %s)"), name, version);
  else
    text = g_steal_pointer (&name);

  /* Translators: the name of a router, and a URL. */
  return url != NULL ? g_strdup_printf (_ ("%s, settings at %s"), text, url)
                     : g_steal_pointer (&text);
}

static char *
describe_router_uptime (guint seconds)
{
  guint days = seconds / 86400;

  if (seconds < 120)
    /* Translators: a time in seconds. */
    return g_strdup_printf (_ ("connected for %u s"), seconds);
  if (seconds < 2 * 3600)
    /* Translators: a time in minutes. */
    return g_strdup_printf (_ ("connected for %u min"), seconds / 60);
  if (days < 2)
    /* Translators: a time in hours. */
    return g_strdup_printf (_ ("connected for %u h"), seconds / 3600);

  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "connected for %u day",
                                       "connected for %u days", days),
                          days);
}

static const char *
describe_connection_status (PlumConnectionStatus status)
{
  switch (status)
    {
    case PLUM_CONNECTION_STATUS_CONNECTED:
      return _ ("connected");
    case PLUM_CONNECTION_STATUS_CONNECTING:
      return _ ("connecting");
    case PLUM_CONNECTION_STATUS_DISCONNECTED:
      return _ ("disconnected");
    case PLUM_CONNECTION_STATUS_UNKNOWN:
    default:
      return _ ("unknown");
    }
}

/* The internet connection of the router; NULL if the router has not reported it. */
char *
describe_connection (PlumGateway *gateway)
{
  PlumConnectionStatus status = plum_gateway_get_connection_status (gateway);
  guint seconds = plum_gateway_get_uptime (gateway);

  if (status == PLUM_CONNECTION_STATUS_UNKNOWN)
    return NULL;
  if (status != PLUM_CONNECTION_STATUS_CONNECTED || seconds == 0)
    return g_strdup (describe_connection_status (status));

  return describe_router_uptime (seconds);
}

/* Writes the members that say what the router is. */
void
describe_router_json (JsonWriter *json, PlumGateway *gateway)
{
  guint uptime = plum_gateway_get_uptime (gateway);

  json_writer_string (json, "manufacturer", plum_gateway_get_manufacturer (gateway));
  json_writer_string (json, "model", plum_gateway_get_model (gateway));
  json_writer_string (json, "model_version", plum_gateway_get_model_version (gateway));
  json_writer_string (json, "presentation_url", plum_gateway_get_presentation_url (gateway));
  json_writer_string (json, "connection_status",
                      describe_enum (PLUM_TYPE_CONNECTION_STATUS,
                                     plum_gateway_get_connection_status (gateway)));
  if (uptime != 0)
    json_writer_int (json, "uptime", uptime);
  else
    json_writer_null (json, "uptime");
}
