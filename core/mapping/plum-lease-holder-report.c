/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a lease holder reports to its users, or the lease that leads to it, and to its owner. */

#include "plum-error-private.h"
#include "plum-lease-holder-internal-private.h"

const char *
plum_lease_holder_get_backend_name (PlumLeaseHolder *self, guint candidate)
{
  return plum_probe_get_name (plum_gateway_get_candidate (self->gateway, candidate)->probe);
}

void
plum_lease_holder_notify (PlumLeaseHolder *self, PlumMappingEvent event, const GError *error)
{
  self->chain->report (self, event, error);
}

gboolean
plum_lease_holder_note (PlumLeaseHolder *self, guint candidate)
{
  PlumLease *lease = plum_held_lease_get_lease (self->held);
  PlumBackend *backend = plum_gateway_get_candidate (self->gateway, candidate)->backend;
  const PlumLeaseNote note = {
    .external_port = lease != NULL ? plum_lease_get_external_port (lease) : self->port,
    .key = self->key,
    .description = self->description,
    .backend_name = plum_lease_holder_get_backend_name (self, candidate),
    .lease = lease,
    .one_per_port = plum_backend_has_one_mapping_per_port (backend),
    .expires = plum_held_lease_get_expires (self->held),
  };

  return self->owner->note (self, &note, self->owner_data);
}

PlumLeaseHolderRemains
plum_lease_holder_get_remains (const GError *error)
{
  return error == NULL || plum_error_is_final (error) ? PLUM_LEASE_HOLDER_DELETED
                                                      : PLUM_LEASE_HOLDER_UNCONFIRMED;
}

void
plum_lease_holder_note_released (PlumLeaseHolder *self, PlumLeaseHolderRemains remains)
{
  self->owner->released (self, remains, self->owner_data);
}
