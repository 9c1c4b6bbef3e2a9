/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-late-leases-private.h"

#include "plum-backend-private.h"
#include "plum-values-private.h"

/* How long the router may take to delete a late lease. */
#define UNMAP_TIMEOUT_MS 10000

struct _PlumLateLeases
{
  PlumClock *clock;
  PlumPortTable *ports;
  GPtrArray *leases; /* (element-type LateLease) */
  PlumTimer timer;
};

typedef struct
{
  PlumBackend *backend;
  PlumRequest *request;
  PlumLease *lease;
} LateLease;

static void
late_lease_free (LateLease *self)
{
  g_clear_object (&self->backend);
  g_clear_object (&self->request);
  g_clear_object (&self->lease);
  g_free (self);
}

/* A router has one table for all backends: if a client uses the same mapping, or is requesting it
 * again, the delete would remove the client's mapping. */
static void
plum_late_leases_release (PlumLateLeases *self, const LateLease *late)
{
  guint port = plum_lease_get_external_port (late->lease);
  const PlumHosts *hosts = plum_request_get_hosts (late->request);
  PlumGatewayClient *holder =
    plum_port_table_find (self->ports, plum_request_get_protocol (late->request), port, hosts);
  const PlumCallArgs args = { .request = late->request, .lease = late->lease };

  if (holder != NULL &&
      holder->iface->uses_mapping (holder, hosts, plum_request_get_internal_port (late->request),
                                   port))
    return;

  g_object_unref (
    plum_backend_call (late->backend, PLUM_CALL_UNMAP, &args, UNMAP_TIMEOUT_MS, NULL, NULL));
}

/* A backend may report more late leases while a call starts. */
static void
on_late_leases_timer (gpointer user_data)
{
  PlumLateLeases *self = user_data;

  while (self->leases->len > 0)
    {
      LateLease *late = g_ptr_array_steal_index (self->leases, 0);

      plum_late_leases_release (self, late);
      late_lease_free (late);
    }
}

PlumLateLeases *
plum_late_leases_new (GMainContext *context, PlumPortTable *ports)
{
  PlumLateLeases *self = g_new0 (PlumLateLeases, 1);

  self->clock = plum_clock_ref_for_context (context);
  self->ports = ports;
  self->leases = g_ptr_array_new_with_free_func ((GDestroyNotify) late_lease_free);
  plum_timer_init (&self->timer, on_late_leases_timer, self);
  return self;
}

void
plum_late_leases_close (PlumLateLeases *self)
{
  plum_clock_disarm (self->clock, &self->timer);
  g_ptr_array_set_size (self->leases, 0);
}

void
plum_late_leases_free (PlumLateLeases *self)
{
  plum_late_leases_close (self);
  g_clear_pointer (&self->leases, g_ptr_array_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_free (self);
}

void
plum_late_leases_add (PlumLateLeases *self,
                      PlumBackend *backend,
                      PlumRequest *request,
                      PlumLease *lease)
{
  LateLease *late = g_new (LateLease, 1);

  late->backend = g_object_ref (backend);
  late->request = g_object_ref (request);
  late->lease = g_object_ref (lease);
  g_ptr_array_add (self->leases, late);
  plum_clock_arm_in_ms (self->clock, &self->timer, 0);
}
