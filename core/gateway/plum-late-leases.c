/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-late-leases-private.h"

#include "plum-backend-private.h"
#include "plum-error-private.h"
#include "plum-values-private.h"

/* How long the router may take to delete a late lease. */
#define UNMAP_TIMEOUT_MS 10000

struct _PlumLateLeases
{
  PlumClock *clock;
  PlumSignalQueue *signals;
  const PlumLateLeasesClient *client;
  gpointer user_data;
  GPtrArray *leases; /* (element-type LateLease) */
  GPtrArray *lost;   /* (element-type PlumRequest): of leases that the router may still have */
  PlumTimer timer;
};

typedef struct
{
  PlumLateLeases *owner; /* (nullable): NULL if closed */
  PlumBackend *backend;
  PlumRequest *request;
  PlumLease *lease;
  gboolean deleting;
} LateLease;

static void
late_lease_free (LateLease *self)
{
  g_clear_object (&self->backend);
  g_clear_object (&self->request);
  g_clear_object (&self->lease);
  g_free (self);
}

static void
plum_late_leases_remove (PlumLateLeases *self, LateLease *late)
{
  g_ptr_array_remove (self->leases, late);
  late_lease_free (late);
}

static void
on_late_lease_deleted (PlumCall *call, gpointer user_data)
{
  LateLease *late = user_data;
  PlumLateLeases *self = late->owner;

  if (self == NULL)
    {
      late_lease_free (late);
      return;
    }

  PLUM_SIGNAL_SCOPE (self->signals);

  if (plum_call_get_error (call) != NULL && !plum_error_is_final (plum_call_get_error (call)))
    g_ptr_array_add (self->lost, g_object_ref (late->request));
  plum_late_leases_remove (self, late);
  self->client->idle (self->user_data);
}

/* A router has one table for all backends: if a client uses the same mapping, or is requesting it
 * again, the delete would remove the client's mapping. */
static gboolean
plum_late_leases_may_delete (PlumLateLeases *self, const LateLease *late)
{
  return !self->client->is_used (late->backend, late->request,
                                 plum_lease_get_external_port (late->lease), self->user_data);
}

static LateLease *
plum_late_leases_find_next (PlumLateLeases *self)
{
  for (guint i = 0; i < self->leases->len; i++)
    {
      LateLease *late = self->leases->pdata[i];

      if (!late->deleting)
        return late;
    }

  return NULL;
}

/* A backend may report more late leases while a call starts. */
static void
on_late_leases_timer (gpointer user_data)
{
  PlumLateLeases *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  gboolean idle = FALSE;
  LateLease *late;

  while ((late = plum_late_leases_find_next (self)) != NULL)
    {
      const PlumCallArgs args = { .request = late->request, .lease = late->lease };

      if (!plum_late_leases_may_delete (self, late))
        {
          plum_late_leases_remove (self, late);
          idle = TRUE;
          continue;
        }

      late->deleting = TRUE;
      g_object_unref (plum_backend_call (late->backend, PLUM_CALL_UNMAP, &args, UNMAP_TIMEOUT_MS,
                                         on_late_lease_deleted, late));
    }

  if (idle)
    self->client->idle (self->user_data);
}

PlumLateLeases *
plum_late_leases_new (GMainContext *context,
                      PlumSignalQueue *signals,
                      const PlumLateLeasesClient *client,
                      gpointer user_data)
{
  PlumLateLeases *self = g_new0 (PlumLateLeases, 1);

  self->clock = plum_clock_ref_for_context (context);
  self->signals = plum_signal_queue_ref (signals);
  self->client = client;
  self->user_data = user_data;
  self->leases = g_ptr_array_new ();
  self->lost = g_ptr_array_new_with_free_func (g_object_unref);
  plum_timer_init (&self->timer, on_late_leases_timer, self);
  return self;
}

void
plum_late_leases_close (PlumLateLeases *self)
{
  plum_clock_disarm (self->clock, &self->timer);
  for (guint i = 0; i < self->leases->len; i++)
    {
      LateLease *late = self->leases->pdata[i];

      /* The callback of the call frees it. */
      late->owner = NULL;
      if (!late->deleting)
        late_lease_free (late);
    }
  g_ptr_array_set_size (self->leases, 0);
}

void
plum_late_leases_free (PlumLateLeases *self)
{
  plum_late_leases_close (self);
  g_clear_pointer (&self->leases, g_ptr_array_unref);
  g_clear_pointer (&self->lost, g_ptr_array_unref);
  g_clear_pointer (&self->signals, plum_signal_queue_unref);
  g_clear_pointer (&self->clock, plum_clock_unref);
  g_free (self);
}

void
plum_late_leases_add (PlumLateLeases *self,
                      PlumBackend *backend,
                      PlumRequest *request,
                      PlumLease *lease)
{
  LateLease *late = g_new0 (LateLease, 1);

  late->owner = self;
  late->backend = g_object_ref (backend);
  late->request = g_object_ref (request);
  late->lease = g_object_ref (lease);
  g_ptr_array_add (self->leases, late);
  plum_clock_arm_in_ms (self->clock, &self->timer, 0);
}

gboolean
plum_late_leases_is_empty (PlumLateLeases *self)
{
  return self->leases->len == 0;
}

static void
call_left_func (PlumRequest *request, PlumLeftFunc func, gpointer user_data)
{
  func (plum_request_get_protocol (request), plum_request_get_first_port (request), user_data);
}

void
plum_late_leases_foreach (PlumLateLeases *self,
                          gboolean lost,
                          PlumLeftFunc func,
                          gpointer user_data)
{
  for (guint i = 0; i < self->leases->len; i++)
    call_left_func (((LateLease *) self->leases->pdata[i])->request, func, user_data);
  for (guint i = 0; lost && i < self->lost->len; i++)
    call_left_func (self->lost->pdata[i], func, user_data);
}

gboolean
plum_late_leases_has_port (PlumLateLeases *self,
                           PlumProtocol protocol,
                           const PlumHosts *hosts,
                           guint internal_port,
                           guint external_port)
{
  for (guint i = 0; i < self->leases->len; i++)
    {
      const LateLease *late = self->leases->pdata[i];

      if (plum_request_get_protocol (late->request) == protocol &&
          (plum_lease_get_external_port (late->lease) == external_port ||
           (plum_request_get_internal_port (late->request) == internal_port &&
            plum_hosts_equal_internal (plum_request_get_hosts (late->request), hosts))))
        return TRUE;
    }

  return FALSE;
}
