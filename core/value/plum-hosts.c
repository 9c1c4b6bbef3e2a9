/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-hosts-private.h"

#include <glib/gi18n-lib.h>

void
plum_hosts_init (PlumHosts *self, const PlumHosts *other)
{
  *self = (PlumHosts){ NULL };
  if (other == NULL)
    return;

  g_set_object (&self->internal, other->internal);
  g_set_object (&self->remote, other->remote);
}

void
plum_hosts_clear (PlumHosts *self)
{
  g_clear_object (&self->internal);
  g_clear_object (&self->remote);
}

static guint
hash_address (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);
  guint hash = 0;

  for (gsize i = 0; i < g_inet_address_get_native_size (address); i++)
    hash = hash * 31 + bytes[i];
  return hash;
}

guint
plum_hosts_hash (const PlumHosts *self)
{
  guint hash = 0;

  if (self->internal != NULL)
    hash = hash_address (self->internal);
  if (self->remote != NULL)
    hash ^= hash_address (g_inet_address_mask_get_address (self->remote)) * 37 +
            g_inet_address_mask_get_length (self->remote);
  return hash;
}

gboolean
plum_hosts_equal_internal (const PlumHosts *self, const PlumHosts *other)
{
  return self->internal == other->internal ||
         (self->internal != NULL && other->internal != NULL &&
          g_inet_address_equal (self->internal, other->internal));
}

gboolean
plum_hosts_equal (const PlumHosts *self, const PlumHosts *other)
{
  return plum_hosts_equal_internal (self, other) &&
         (self->remote == other->remote ||
          (self->remote != NULL && other->remote != NULL &&
           g_inet_address_mask_equal (self->remote, other->remote)));
}

static gboolean
set_invalid (GError **error, const char *message)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

gboolean
plum_hosts_check (const PlumHosts *self, GSocketFamily family, GError **error)
{
  GInetAddress *internal = self->internal;

  if (internal != NULL && g_inet_address_get_family (internal) != family)
    return set_invalid (error, _ ("The internal address and the mapping have different families"));
  if (internal != NULL &&
      (g_inet_address_get_is_any (internal) || g_inet_address_get_is_multicast (internal)))
    return set_invalid (error, _ ("The internal address must be the address of one host"));
  if (internal != NULL && family == G_SOCKET_FAMILY_IPV6 &&
      g_inet_address_get_is_link_local (internal))
    return set_invalid (error, _ ("A link-local internal address cannot be reached from outside"));
  if (self->remote != NULL && g_inet_address_mask_get_family (self->remote) != family)
    return set_invalid (error, _ ("The remote address and the mapping have different families"));
  if (self->remote != NULL && g_inet_address_mask_get_length (self->remote) == 0)
    return set_invalid (error, _ ("The remote address must have a prefix length of at least 1"));
  return TRUE;
}
