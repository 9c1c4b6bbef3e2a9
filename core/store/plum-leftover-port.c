/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-leftover-port-private.h"

#include "plum-key-private.h"
#include "plum-values-private.h"

/* How many routers may be before that of a leftover. */
#define MAX_DEPTH 2

/* Whether record is of the port on the first router, or leads there. depth: how many routers may be
 * before that of record. */
static gboolean
plum_leftover_port_has_within (const PlumLeftoverPort *self,
                               PlumLeaseStore *store,
                               const PlumLeaseRecord *record,
                               guint depth)
{
  gboolean orphan = TRUE;

  if (plum_lease_record_has_expired (record))
    return FALSE;
  if (record->through == NULL)
    return plum_lease_record_is_of_port (record, self->protocol, self->family, self->internal_port,
                                         &self->hosts) &&
           (self->external_port == 0 || record->external_port == self->external_port);

  for (guint i = 0; i < plum_lease_store_get_n_leftovers (store); i++)
    {
      const PlumLeaseRecord *inner = plum_lease_store_get_leftover (store, i);

      if (inner == record || !plum_lease_record_leads_to (record, inner))
        continue;
      if (depth > 0 && plum_leftover_port_has_within (self, store, inner, depth - 1))
        return TRUE;
      orphan = FALSE;
    }

  /* What was before it is gone: a router usually keeps the number of the port. */
  return orphan && self->hosts.internal == NULL && record->protocol == self->protocol &&
         record->family == self->family &&
         (self->external_port != 0 ? record->external_port == self->external_port
                                   : record->internal_port == self->internal_port);
}

gboolean
plum_leftover_port_has (const PlumLeftoverPort *self,
                        PlumLeaseStore *store,
                        const PlumLeaseRecord *record)
{
  return plum_leftover_port_has_within (self, store, record, MAX_DEPTH);
}

/* What record leads to. (nullable) */
static const PlumLeaseRecord *
plum_leftover_port_find_inner (PlumLeaseStore *store, const PlumLeaseRecord *record)
{
  for (guint i = 0; i < plum_lease_store_get_n_leftovers (store); i++)
    {
      const PlumLeaseRecord *inner = plum_lease_store_get_leftover (store, i);

      if (inner != record && plum_lease_record_leads_to (record, inner))
        return inner;
    }

  return NULL;
}

void
plum_leftover_port_resolve (PlumLeftoverPort *self, PlumLeaseStore *store)
{
  PlumLeftoverPort any = *self;

  any.external_port = 0;
  for (guint i = 0; self->external_port != 0 && i < plum_lease_store_get_n_leftovers (store); i++)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (store, i);

      if (record->through == NULL || record->external_port != self->external_port ||
          !plum_leftover_port_has (&any, store, record))
        continue;
      for (guint depth = 0; depth < MAX_DEPTH && record != NULL && record->through != NULL; depth++)
        record = plum_leftover_port_find_inner (store, record);
      if (record != NULL && record->through == NULL)
        {
          self->external_port = record->external_port;
          return;
        }
    }
}

const PlumLeaseRecord *
plum_leftover_port_find_beyond (const PlumLeftoverPort *self,
                                PlumLeaseStore *store,
                                PlumNetwork *network)
{
  for (guint i = 0; i < plum_lease_store_get_n_leftovers (store); i++)
    {
      const PlumLeaseRecord *record = plum_lease_store_get_leftover (store, i);

      if (plum_lease_store_is_beyond_network (record, network) &&
          plum_leftover_port_has (self, store, record))
        return record;
    }

  return NULL;
}

static gboolean
plum_leftover_port_is_recorded (const PlumLeftoverPort *self, PlumLeaseStore *store)
{
  PlumLeftoverPort port = *self;

  port.external_port = 0;
  for (guint i = 0; i < plum_lease_store_get_n_leftovers (store); i++)
    if (plum_leftover_port_has (&port, store, plum_lease_store_get_leftover (store, i)))
      return TRUE;

  return FALSE;
}

PlumRequest *
plum_leftover_port_make_request (const PlumLeftoverPort *self,
                                 PlumLeaseStore *store,
                                 guint lifetime)
{
  guint external_port = self->external_port != 0 ? self->external_port : self->internal_port;
  g_autoptr (GBytes) key = NULL;

  if (!plum_leftover_port_is_recorded (self, store))
    key = plum_key_new (NULL);
  if (key == NULL)
    return NULL;

  return plum_request_new (self->protocol, self->internal_port, external_port, FALSE, NULL,
                           lifetime, "plum", key);
}
