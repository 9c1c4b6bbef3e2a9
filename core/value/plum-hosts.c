/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-hosts-private.h"

#include <glib/gi18n-lib.h>

void
plum_hosts_clear (PlumHosts *self)
{
  g_clear_object (&self->internal);
  g_clear_object (&self->remote);
}

static guint
get_n_remote (const PlumHosts *self)
{
  return self->remote != NULL ? g_list_model_get_n_items (self->remote) : 0;
}

/* The list has a reference. */
static GInetAddressMask *
peek_remote (const PlumHosts *self, guint index)
{
  g_autoptr (GInetAddressMask) mask = g_list_model_get_item (self->remote, index);

  return mask;
}

GInetAddressMask *
plum_hosts_peek_remote (const PlumHosts *self)
{
  return self->remote != NULL ? peek_remote (self, 0) : NULL;
}

static gboolean
plum_hosts_has_remote (const PlumHosts *self, GInetAddressMask *mask)
{
  guint n = get_n_remote (self);

  for (guint i = 0; i < n; i++)
    if (g_inet_address_mask_equal (peek_remote (self, i), mask))
      return TRUE;

  return FALSE;
}

void
plum_hosts_add_remote (PlumHosts *self, GInetAddressMask *mask)
{
  if (plum_hosts_has_remote (self, mask))
    return;

  if (self->remote == NULL)
    self->remote = G_LIST_MODEL (g_list_store_new (G_TYPE_INET_ADDRESS_MASK));
  g_list_store_append (G_LIST_STORE (self->remote), mask);
}

void
plum_hosts_init (PlumHosts *self, const PlumHosts *other)
{
  *self = (PlumHosts){ NULL };
  if (other == NULL)
    return;

  g_set_object (&self->internal, other->internal);
  /* A copy: a program can change the list that the properties return, but the hosts are a part of
   * the key of a table. */
  for (guint i = 0; i < get_n_remote (other); i++)
    {
      g_autoptr (GInetAddressMask) mask = g_list_model_get_item (other->remote, i);

      plum_hosts_add_remote (self, mask);
    }
}

char *
plum_hosts_make_remote_text (const PlumHosts *self, const char *separator)
{
  GString *text;
  guint n = get_n_remote (self);

  if (n == 0)
    return NULL;

  text = g_string_new (NULL);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *mask = g_inet_address_mask_to_string (peek_remote (self, i));

      g_string_append_printf (text, "%s%s", i > 0 ? separator : "", mask);
    }
  return g_string_free (text, FALSE);
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
  for (guint i = get_n_remote (self); i > 0; i--)
    {
      GInetAddressMask *mask = peek_remote (self, i - 1);

      /* In any order. */
      hash ^= hash_address (g_inet_address_mask_get_address (mask)) * 37 +
              g_inet_address_mask_get_length (mask);
    }
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
  guint n = get_n_remote (self);

  if (!plum_hosts_equal_internal (self, other) || n != get_n_remote (other))
    return FALSE;

  for (guint i = 0; i < n && self->remote != other->remote; i++)
    if (!plum_hosts_has_remote (other, peek_remote (self, i)))
      return FALSE;

  return TRUE;
}

static gboolean
set_invalid (GError **error, const char *message)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
  return FALSE;
}

static gboolean
check_remote (const PlumHosts *self, GSocketFamily family, GError **error)
{
  guint n = get_n_remote (self);

  if (n > PLUM_HOSTS_REMOTE_MAX)
    return set_invalid (error, _ ("More than 256 remote addresses"));

  for (guint i = 0; i < n; i++)
    {
      GInetAddressMask *mask = peek_remote (self, i);

      if (g_inet_address_mask_get_family (mask) != family)
        return set_invalid (error,
                            _ ("The remote address and the mapping have different families"));
      if (g_inet_address_mask_get_length (mask) == 0)
        return set_invalid (error,
                            _ ("The remote address must have a prefix length of at least 1"));
    }

  return TRUE;
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
  return check_remote (self, family, error);
}
