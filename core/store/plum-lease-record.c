/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-record-private.h"

#include "plum-values-private.h"

PlumLeaseRecord *
plum_lease_record_new (void)
{
  return g_new0 (PlumLeaseRecord, 1);
}

void
plum_lease_record_free (PlumLeaseRecord *self)
{
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_object (&self->external_address);
  g_clear_object (&self->gateway);
  g_clear_object (&self->through);
  g_clear_object (&self->local_address);
  plum_hosts_clear (&self->hosts);
  g_clear_pointer (&self->hardware_address, g_ref_string_release);
  g_clear_pointer (&self->description, g_free);
  g_clear_pointer (&self->token, g_variant_unref);
  g_free (self);
}

PlumLeaseRecord *
plum_lease_record_copy (const PlumLeaseRecord *self)
{
  PlumLeaseRecord *copy = plum_lease_record_new ();

  *copy = *self;
  copy->key = g_bytes_ref (self->key);
  copy->external_address = NULL;
  g_set_object (&copy->external_address, self->external_address);
  copy->gateway = NULL;
  g_set_object (&copy->gateway, self->gateway);
  copy->through = NULL;
  g_set_object (&copy->through, self->through);
  copy->local_address = NULL;
  g_set_object (&copy->local_address, self->local_address);
  plum_hosts_init (&copy->hosts, &self->hosts);
  copy->hardware_address =
    self->hardware_address != NULL ? g_ref_string_acquire (self->hardware_address) : NULL;
  copy->interface_name = g_intern_string (self->interface_name);
  copy->backend_name = g_intern_string (self->backend_name);
  copy->description = g_strdup (self->description);
  copy->token = self->token != NULL ? g_variant_ref (self->token) : NULL;
  return copy;
}

gboolean
plum_lease_record_take_lease (PlumLeaseRecord *self, const PlumLeaseRecord *other)
{
  if (g_strcmp0 (self->hardware_address, other->hardware_address) != 0 ||
      g_strcmp0 (self->description, other->description) != 0)
    return FALSE;

  g_set_object (&self->external_address, other->external_address);
  if (self->token != other->token)
    {
      g_clear_pointer (&self->token, g_variant_unref);
      self->token = other->token != NULL ? g_variant_ref (other->token) : NULL;
    }
  self->expires = other->expires;
  self->granted = other->granted;
  return TRUE;
}

PlumLeaseRecord *
plum_lease_record_copy_left (const PlumLeaseRecord *self, gint64 next_delete)
{
  PlumLeaseRecord *copy = plum_lease_record_copy (self);

  copy->ours = TRUE;
  copy->next_delete = next_delete;
  return copy;
}

gboolean
plum_lease_record_is_of_port (const PlumLeaseRecord *self,
                              PlumProtocol protocol,
                              GSocketFamily family,
                              guint internal_port,
                              const PlumHosts *hosts)
{
  return self->protocol == protocol && self->family == family &&
         self->internal_port == internal_port && plum_hosts_equal_internal (&self->hosts, hosts);
}

gboolean
plum_lease_record_has_same_port (const PlumLeaseRecord *self, const PlumLeaseRecord *other)
{
  return plum_lease_record_is_of_port (self, other->protocol, other->family, other->internal_port,
                                       &other->hosts);
}

gboolean
plum_lease_record_is_behind (const PlumLeaseRecord *self, const PlumLeaseRecord *inner)
{
  return self->through != NULL && plum_address_equal (self->through, inner->gateway) &&
         (self->hardware_address == NULL || inner->hardware_address == NULL ||
          g_str_equal (self->hardware_address, inner->hardware_address));
}

gboolean
plum_lease_record_leads_to (const PlumLeaseRecord *self, const PlumLeaseRecord *inner)
{
  return plum_lease_record_is_behind (self, inner) && self->protocol == inner->protocol &&
         self->family == inner->family && self->internal_port == inner->external_port;
}

gboolean
plum_lease_record_has_expired (const PlumLeaseRecord *self)
{
  return self->expires != PLUM_LEASE_RECORD_FOREVER && self->expires <= g_get_real_time ();
}

/* Many routers have the same address, such as 192.168.1.1: a known hardware address distinguishes
 * them. */
gboolean
plum_lease_record_is_on (const PlumLeaseRecord *self,
                         GInetAddress *gateway,
                         GInetAddress *through,
                         const char *interface_name,
                         const char *hardware_address)
{
  if (!plum_address_equal (self->gateway, gateway) || !plum_address_equal (self->through, through))
    return FALSE;
  if (gateway == NULL)
    return g_str_equal (self->interface_name, interface_name);

  return self->hardware_address == NULL || hardware_address == NULL ||
         g_str_equal (self->hardware_address, hardware_address);
}

gboolean
plum_lease_record_is_same_router (const PlumLeaseRecord *self, const PlumLeaseRecord *other)
{
  return plum_lease_record_is_on (self, other->gateway, other->through, other->interface_name,
                                  other->hardware_address);
}

gboolean
plum_lease_record_has_same_host (const PlumLeaseRecord *self, GInetAddress *local_address)
{
  return self->hosts.internal != NULL || self->local_address == NULL || local_address == NULL ||
         g_inet_address_equal (self->local_address, local_address);
}

gboolean
plum_lease_record_is_same_request (const PlumLeaseRecord *self, const PlumLeaseRecord *other)
{
  return self->external_port == other->external_port && g_bytes_equal (self->key, other->key) &&
         plum_lease_record_is_same_router (self, other) &&
         plum_address_equal (self->local_address, other->local_address) &&
         plum_hosts_equal (&self->hosts, &other->hosts) &&
         g_str_equal (self->interface_name, other->interface_name) &&
         g_str_equal (self->backend_name, other->backend_name);
}

gboolean
plum_lease_record_is_same_lease (const PlumLeaseRecord *self, const PlumLeaseRecord *other)
{
  gboolean same_token =
    self->token == other->token ||
    (self->token != NULL && other->token != NULL && g_variant_equal (self->token, other->token));

  return same_token && plum_address_equal (self->external_address, other->external_address);
}

gboolean
plum_lease_record_is_same_mapping (const PlumLeaseRecord *self, const PlumLeaseRecord *other)
{
  return self->external_port == other->external_port &&
         g_str_equal (self->backend_name, other->backend_name) &&
         plum_hosts_equal (&self->hosts, &other->hosts) &&
         plum_lease_record_has_same_port (self, other) &&
         plum_lease_record_is_same_router (self, other) &&
         plum_lease_record_has_same_host (self, other->local_address);
}

guint
plum_lease_record_get_lifetime (const PlumLeaseRecord *self)
{
  gint64 left;

  if (self->expires == PLUM_LEASE_RECORD_FOREVER)
    return PLUM_LIFETIME_FOREVER;

  left = (self->expires - g_get_real_time ()) / G_USEC_PER_SEC;
  return (guint) CLAMP (left, 1, (gint64) PLUM_LIFETIME_FOREVER - 1);
}

PlumRequest *
plum_lease_record_make_request (const PlumLeaseRecord *self)
{
  const char *description = self->description != NULL ? self->description : "plum";
  PlumRequest *request =
    plum_request_new (self->protocol, self->internal_port, self->external_port, FALSE,
                      self->external_address, plum_lease_record_get_lifetime (self), description,
                      self->key);

  plum_request_set_hosts (request, &self->hosts);
  return request;
}

PlumLease *
plum_lease_record_make_lease (const PlumLeaseRecord *self)
{
  return plum_lease_new (self->external_address, self->external_port,
                         plum_lease_record_get_lifetime (self), self->token);
}
