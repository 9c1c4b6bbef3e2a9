/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "upnp-map-grant.h"

#include "upnp-map-port.h"
#include "upnp-map-replace.h"
#include "upnp-map-text.h"
#include "upnp-map-verify.h"
#include "upnp-token.h"

#define CODE_NO_ENTRY 714

/* In s. SHORTEST_LEASE: of those that a router may show. */
#define SHORTEST_LEASE 60
#define WEEK 604800

UpnpPorts *
upnp_map_get_ports (UpnpMap *self)
{
  return upnp_session_get_ports (self->negotiation.operation.session);
}

static void
upnp_map_log_leftover (UpnpMap *self, const char *text)
{
  plum_log (G_LOG_DOMAIN, PLUM_LOG_LEVEL_INFO, "UPnP: %s: %s",
            self->negotiation.operation.device->name, text);
}

static void
upnp_map_return (UpnpMap *self)
{
  UpnpDevice *device = self->negotiation.operation.device;
  gboolean permanent = self->granted_lifetime == PLUM_LIFETIME_FOREVER;
  const char *client =
    upnp_hosts_get_client (&self->negotiation.hosts, self->negotiation.local_address);

  if (self->left_port == self->granted_port)
    upnp_operation_set_leftover (&self->negotiation.operation, NULL);
  if (self->negotiation.operation.leftover != NULL)
    upnp_map_log_leftover (self, self->negotiation.operation.leftover);
  upnp_negotiation_confirm (&self->negotiation, TRUE);
  upnp_negotiation_return_lease (&self->negotiation, device->external_address, self->granted_port,
                                 self->granted_lifetime,
                                 upnp_token_new (device->name, device->service, permanent,
                                                 client != NULL ? client : ""));
}

/* The entry of the old port may still exist. entry: (nullable) */
static void
upnp_map_return_beside_old (UpnpMap *self, const UpnpTableEntry *entry)
{
  const UpnpNegotiation *negotiation = &self->negotiation;
  guint lease = entry != NULL && entry->lease_known
                  ? entry->lease
                  : upnp_attempt_get_lease (&negotiation->attempt);
  g_autofree char *text =
    upnp_map_text_dup_leftover (negotiation->protocol,
                                plum_request_get_external_port (self->request), lease);

  upnp_map_log_leftover (self, text);
  upnp_map_return (self);
}

static void
on_old_entry_deleted (const UpnpSoapReply *reply,
                      const char *local_address,
                      const GError *error,
                      gpointer user_data)
{
  UpnpMap *self = user_data;
  gboolean keeps = self->negotiation.operation.device->memory.keeps_deleted;

  if (error == NULL && ((reply->outcome == UPNP_SOAP_DONE && !keeps) ||
                        (reply->outcome == UPNP_SOAP_FAULT && reply->code == CODE_NO_ENTRY)))
    upnp_map_return (self);
  else
    upnp_map_return_beside_old (self, NULL);
}

/* Deletes the old entry of this process, but not the entry of a host that has the port now: the
 * renewal was refused, so that the entry is ours only if the router reports this host. */
static void
on_old_entry_read (const UpnpSoapReply *reply,
                   const char *local_address,
                   const GError *error,
                   gpointer user_data)
{
  UpnpMap *self = user_data;
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpDevice *device = negotiation->operation.device;
  const UpnpLookupOwner owner = {
    .internal_port = negotiation->attempt.internal_port,
    .local_address = upnp_hosts_get_client (&negotiation->hosts, local_address),
    .other_host = upnp_hosts_has_client (&negotiation->hosts),
    .description = device->memory.replaces_text ? NULL : self->description,
  };
  g_autoptr (UpnpTableEntry) entry = NULL;
  UpnpLookupResult result = upnp_lookup_read (device, reply, error, &owner, &entry);

  if (result == UPNP_LOOKUP_OURS)
    upnp_negotiation_delete (negotiation, plum_request_get_external_port (self->request),
                             on_old_entry_deleted);
  else if (result == UPNP_LOOKUP_FREE ||
           (result == UPNP_LOOKUP_TAKEN && upnp_lookup_is_other (entry, &owner)))
    upnp_map_return (self);
  else
    upnp_map_return_beside_old (self, entry);
}

static void
upnp_map_read_old_entry (UpnpMap *self)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  UpnpSoapRequest request =
    negotiation->methods->make_request (negotiation, UPNP_ACTION_GET_SPECIFIC);

  request.external_port = plum_request_get_external_port (self->request);
  upnp_operation_call (&negotiation->operation, NULL, &request, on_old_entry_read);
}

void
upnp_map_succeed (UpnpMap *self, guint port, guint lifetime)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  guint internal_port = negotiation->attempt.internal_port;
  guint requested = plum_request_get_external_port (self->request);

  if (upnp_hosts_has_remote (&negotiation->hosts) && !self->verified && !self->renewal)
    {
      upnp_map_port_hold (negotiation, port, lifetime);
      upnp_map_verify_start (self, port, lifetime, upnp_map_succeed);
      return;
    }

  /* Record the port first, so that it can be deleted whatever fails later (quirk 60). */
  upnp_map_port_hold (negotiation, port, lifetime);
  self->granted_port = port;
  self->granted_lifetime = lifetime;
  if (requested == port || upnp_map_port_get_holder (negotiation, requested) != internal_port)
    {
      upnp_map_return (self);
      return;
    }

  /* The router refused to renew the old port (quirk 10): its entry may still exist, and has no end
   * if the lease is permanent. */
  upnp_map_port_remove (negotiation, requested);
  upnp_ports_set_unconfirmed (upnp_map_get_ports (self), negotiation->protocol, internal_port,
                              &negotiation->hosts, port);
  upnp_map_read_old_entry (self);
}

/* WANIPConnection:2 has no permanent leases and reads 0 as a week (UPnP IGD:2). A router that has
 * refused every other lease, however, may keep the entry for longer. */
guint
upnp_map_get_lifetime (UpnpMap *self)
{
  const UpnpAttempt *attempt = &self->negotiation.attempt;
  guint lease = upnp_attempt_get_lease (attempt);
  gboolean forever = attempt->lifetime == 0 || attempt->lifetime == PLUM_LIFETIME_FOREVER;

  if (lease != 0)
    return lease;

  return attempt->v2 && forever ? WEEK : PLUM_LIFETIME_FOREVER;
}

/* The entry was added a moment ago: a router that counts its lease down has not shortened it. Nor
 * is a number of a few seconds credible: it would have to be renewed all the time. */
guint
upnp_map_get_shown_lifetime (UpnpMap *self, const UpnpTableEntry *entry)
{
  guint lifetime = upnp_map_get_lifetime (self);
  gboolean shortened = entry->lease_known && entry->lease >= SHORTEST_LEASE &&
                       lifetime != PLUM_LIFETIME_FOREVER && entry->lease < lifetime - lifetime / 8;

  return shortened ? entry->lease : lifetime;
}

void
upnp_map_set_kept (UpnpMap *self, const UpnpTableEntry *entry)
{
  UpnpMemory *memory = &self->negotiation.operation.device->memory;
  guint lease = upnp_attempt_get_lease (&self->negotiation.attempt);

  if (upnp_map_get_shown_lifetime (self, entry) != upnp_map_get_lifetime (self))
    return;

  if (lease != 0)
    memory->kept_lease = MAX (memory->kept_lease, lease);
  else
    memory->keeps_permanent = TRUE;
}

/* In s, or PLUM_LIFETIME_FOREVER; 0: unknown. */
static guint
upnp_map_get_remaining (UpnpMap *self, const UpnpTableEntry *entry)
{
  UpnpNegotiation *negotiation = &self->negotiation;

  if (!entry->lease_known)
    return upnp_map_port_get_remaining (negotiation, negotiation->attempt.external_port);

  return entry->lease != 0 ? entry->lease : PLUM_LIFETIME_FOREVER;
}

/* The port already belongs to this mapping. Some routers cannot renew an entry (quirk 10): replace
 * it if it would expire soon, or if it is unknown when it expires. */
void
upnp_map_adopt_entry (UpnpMap *self, const UpnpTableEntry *entry)
{
  guint lease = upnp_attempt_get_lease (&self->negotiation.attempt);
  guint remaining = upnp_map_get_remaining (self, entry);
  gboolean suffices = self->replaced ? remaining != 0 : lease != 0 && remaining > lease / 2;

  if (!entry->enabled)
    upnp_map_take_disabled (self);
  else if (suffices || remaining == PLUM_LIFETIME_FOREVER)
    upnp_map_succeed (self, self->negotiation.attempt.external_port, remaining);
  else
    upnp_map_replace (self);
}

void
upnp_map_take_unknown (UpnpMap *self, const UpnpTableEntry *entry)
{
  upnp_map_set_kept (self, entry);
  if (entry->enabled && entry->lease == 0)
    upnp_map_succeed (self, self->negotiation.attempt.external_port, upnp_map_get_lifetime (self));
  else
    upnp_map_adopt_entry (self, entry);
}

void
upnp_map_remove_held (UpnpMap *self, gboolean absent)
{
  UpnpNegotiation *negotiation = &self->negotiation;
  guint port = negotiation->attempt.external_port;

  if (upnp_map_port_get_holder (negotiation, port) == 0 ||
      upnp_map_port_get_holder (negotiation, port) == UPNP_UNKNOWN_PORT)
    return;

  upnp_map_port_remove (negotiation, port);
  upnp_session_report_changed (negotiation->operation.session);
  self->renewal = FALSE;
  self->may_delete = absent;
}
