/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-token.h"

#define TOKEN_TYPE "(sqssb)"

void
upnp_token_free (UpnpToken *self)
{
  g_free (self->address);
  g_clear_pointer (&self->service, upnp_service_free);
  g_free (self);
}

GVariant *
upnp_token_new (const char        *address,
                const UpnpService *service,
                gboolean           permanent)
{
  return g_variant_new (TOKEN_TYPE, address, service->port, service->target, service->type,
                        permanent);
}

UpnpToken *
upnp_token_parse (GVariant *variant)
{
  g_autoptr (UpnpToken) self = NULL;
  g_autoptr (UpnpUrl) url = NULL;
  g_autofree char *text = NULL;
  const char *address, *target, *type;
  guint16 port;
  gboolean permanent;

  if (variant == NULL || !g_variant_is_of_type (variant, G_VARIANT_TYPE (TOKEN_TYPE)))
    return NULL;

  g_variant_get (variant, "(&sq&s&sb)", &address, &port, &target, &type, &permanent);
  text = g_strdup_printf ("http://%s:%u%s", address, port, target);
  url = upnp_url_parse (text, NULL);
  if (port == 0 || *target != '/' || url == NULL || !g_hostname_is_ip_address (address))
    return NULL;

  self = g_new0 (UpnpToken, 1);
  self->address = g_strdup (address);
  self->permanent = permanent;
  self->service = upnp_service_new (type, url->port, url->target);
  return self->service != NULL ? g_steal_pointer (&self) : NULL;
}
