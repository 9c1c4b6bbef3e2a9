/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-token.h"

/* The address of the device, and the port, path and type of the service. */
#define DEVICE_TYPE "sqss"
#define ENTRY_TYPE "(" DEVICE_TYPE "bs)"
#define ENTRY_TYPE_WITHOUT_CLIENT "(" DEVICE_TYPE "b)"
#define PINHOLE_TYPE "(" DEVICE_TYPE "i)"

void
upnp_token_free (UpnpToken *self)
{
  g_free (self->address);
  g_free (self->client);
  g_clear_pointer (&self->service, upnp_service_free);
  g_free (self);
}

GVariant *
upnp_token_new (const char *address,
                const UpnpService *service,
                gboolean permanent,
                const char *client)
{
  return g_variant_new (ENTRY_TYPE, address, service->port, service->target, service->type,
                        permanent, client);
}

GVariant *
upnp_token_new_pinhole (const char *address, const UpnpService *service, int unique_id)
{
  return g_variant_new (PINHOLE_TYPE, address, service->port, service->target, service->type,
                        unique_id);
}

/* NULL: the token does not name a service at an address. */
static UpnpService *
token_read_service (GVariant *variant, const char **address)
{
  g_autoptr (GInetAddress) inet = NULL;
  g_autoptr (UpnpUrl) url = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *text = NULL;
  const char *target, *type;
  guint16 port;

  g_variant_get_child (variant, 0, "&s", address);
  g_variant_get_child (variant, 1, "q", &port);
  g_variant_get_child (variant, 2, "&s", &target);
  g_variant_get_child (variant, 3, "&s", &type);

  inet = g_inet_address_new_from_string (*address);
  if (inet == NULL || port == 0 || *target != '/')
    return NULL;

  authority = upnp_url_make_authority (inet, port);
  text = g_strconcat ("http://", authority, target, NULL);
  url = upnp_url_parse (text, NULL);
  return url != NULL ? upnp_service_new (type, url->port, url->target) : NULL;
}

static gboolean
has_known_type (GVariant *variant)
{
  return g_variant_is_of_type (variant, G_VARIANT_TYPE (ENTRY_TYPE)) ||
         g_variant_is_of_type (variant, G_VARIANT_TYPE (ENTRY_TYPE_WITHOUT_CLIENT)) ||
         g_variant_is_of_type (variant, G_VARIANT_TYPE (PINHOLE_TYPE));
}

/* NULL: the token does not name an IPv4 address. */
static char *
dup_client (GVariant *variant)
{
  g_autoptr (GInetAddress) address = NULL;
  const char *text;

  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE (ENTRY_TYPE)))
    return NULL;

  g_variant_get_child (variant, 5, "&s", &text);
  address = g_inet_address_new_from_string (text);
  return address != NULL && g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4
           ? g_inet_address_to_string (address)
           : NULL;
}

UpnpToken *
upnp_token_parse (GVariant *variant)
{
  g_autoptr (UpnpToken) self = NULL;
  const char *address;
  gboolean is_pinhole;

  if (variant == NULL || !has_known_type (variant))
    return NULL;

  self = g_new0 (UpnpToken, 1);
  self->service = token_read_service (variant, &address);
  if (self->service == NULL)
    return NULL;

  is_pinhole = g_variant_is_of_type (variant, G_VARIANT_TYPE (PINHOLE_TYPE));
  if (is_pinhole != (self->service->kind == UPNP_SERVICE_FIREWALL))
    return NULL;

  self->address = g_strdup (address);
  self->client = dup_client (variant);
  if (is_pinhole)
    g_variant_get_child (variant, 4, "i", &self->unique_id);
  else
    g_variant_get_child (variant, 4, "b", &self->permanent);
  return self->unique_id >= UPNP_TOKEN_NO_PINHOLE && self->unique_id <= G_MAXUINT16
           ? g_steal_pointer (&self)
           : NULL;
}
