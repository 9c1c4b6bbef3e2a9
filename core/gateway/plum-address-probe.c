/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-address-probe-private.h"

#include "plum-key-private.h"
#include "plum-log-private.h"
#include "plum-spare-port-private.h"
#include "plum-values-private.h"

#include <glib/gi18n-lib.h>

/* In seconds: what is left on the router for so long if the delete is lost (RFC 6887 15 advises
 * servers to grant no less). */
#define LIFETIME 120

/* How long to wait for the answer to the delete: three sends of PCP. */
#define DELETE_MS 2000

/* How often to choose another port if a mapping uses it. */
#define MAX_TRIES 8

typedef struct
{
  PlumAddressProbeFunc func;
  gpointer user_data;
} Waiter;

struct _PlumAddressProbe
{
  PlumRace *race; /* borrowed */
  const PlumSettings *settings;
  GSocketFamily family;
  PlumSignalQueue *signals;
  const PlumAddressProbeClient *client;
  gpointer user_data;

  GArray *waiters;      /* (element-type Waiter) */
  GSocket *socket;      /* holds the port; NULL: not active */
  guint port;           /* 0: not active */
  PlumRequest *request; /* NULL: not active */
  guint next;           /* the candidate to ask next */
  PlumBackend *backend; /* (nullable): the one that is asked */
  PlumCall *call;       /* (nullable) */
  PlumLease *lease;     /* (nullable) */
  GError *error;        /* (nullable): the first one */
};

static void plum_address_probe_ask_next (PlumAddressProbe *self);

/* A function may remove other waiters, or start a new probe. */
static void
plum_address_probe_finish (PlumAddressProbe *self)
{
  g_autoptr (PlumBackend) backend = g_steal_pointer (&self->backend);
  g_autoptr (PlumLease) lease = g_steal_pointer (&self->lease);
  g_autoptr (GError) error = g_steal_pointer (&self->error);
  GInetAddress *address = lease != NULL ? plum_lease_get_external_address (lease) : NULL;

  if (address == NULL && error == NULL)
    g_set_error_literal (&error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED,
                         _ ("No backend learns the external address from a mapping"));
  g_clear_object (&self->request);
  g_clear_object (&self->socket);
  self->port = 0;
  self->client->idle (self->user_data);

  for (guint n = self->waiters->len; n > 0 && self->waiters->len > 0; n--)
    {
      Waiter waiter = g_array_index (self->waiters, Waiter, 0);

      g_array_remove_index (self->waiters, 0);
      waiter.func (backend, address, address == NULL ? error : NULL, waiter.user_data);
    }
}

static void
plum_address_probe_take_error (PlumAddressProbe *self, const GError *error)
{
  if (self->error == NULL)
    self->error = g_error_copy (error);
}

static void
on_deleted (PlumCall *call, gpointer user_data)
{
  PlumAddressProbe *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);

  if (error != NULL)
    plum_info ("The router did not confirm the delete of the short mapping that asked for its "
               "external address; it expires within %u s: %s",
               self->lease != NULL ? plum_lease_get_lifetime (self->lease) : LIFETIME,
               error->message);

  if ((self->lease != NULL && plum_lease_get_external_address (self->lease) != NULL) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    plum_address_probe_finish (self);
  else
    plum_address_probe_ask_next (self);
}

/* The router may have mapped the port without an answer that could be read. */
static gboolean
may_have_mapped (const GError *error)
{
  return g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT) ||
         g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED);
}

static void
on_mapped (PlumCall *call, gpointer user_data)
{
  PlumAddressProbe *self = user_data;
  PLUM_SIGNAL_SCOPE (self->signals);
  g_autoptr (PlumCall) owned = g_steal_pointer (&self->call);
  const GError *error = plum_call_get_error (call);
  PlumCallArgs args = { .request = self->request, .lease = plum_call_get_lease (call) };

  g_set_object (&self->lease, args.lease);
  if (error != NULL)
    plum_address_probe_take_error (self, error);
  else if (plum_lease_get_external_address (args.lease) == NULL)
    plum_address_probe_take_error (
      self, &(GError){ PLUM_ERROR, PLUM_ERROR_NO_RESOURCES,
                       (char *) _ ("The router maps a port, but reports no external address") });

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    plum_address_probe_finish (self);
  else if (error == NULL || may_have_mapped (error))
    plum_backend_start_call (&self->call, self->backend, PLUM_CALL_UNMAP, &args, DELETE_MS,
                             on_deleted, self);
  else
    plum_address_probe_ask_next (self);
}

/* The next candidate whose mappings report an address that nothing else does; NULL: none is left.
 * (transfer full) */
static PlumBackend *
plum_address_probe_pick (PlumAddressProbe *self)
{
  while (self->next < plum_race_get_n_candidates (self->race))
    {
      const guint i = self->next++;
      PlumBackend *backend = plum_race_get_candidate (self->race, i)->backend;
      guint index;

      if (plum_backend_get_address_source (backend) == PLUM_ADDRESS_SOURCE_MAPPING &&
          plum_race_pick (self->race, i, NULL, &index) == PLUM_PICK_READY && index == i)
        return g_object_ref (backend);
    }

  return NULL;
}

static void
plum_address_probe_ask (PlumAddressProbe *self)
{
  const PlumCallArgs args = { .request = self->request };

  plum_backend_start_call (&self->call, self->backend, PLUM_CALL_MAP, &args,
                           self->settings->mapping_timeout, on_mapped, self);
}

static void
plum_address_probe_ask_next (PlumAddressProbe *self)
{
  g_clear_object (&self->lease);
  g_clear_object (&self->backend);
  self->backend = plum_address_probe_pick (self);
  if (self->backend != NULL)
    plum_address_probe_ask (self);
  else
    plum_address_probe_finish (self);
}

/* A mapping may be for a program that is not running. */
static gboolean
plum_address_probe_bind (PlumAddressProbe *self)
{
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_clear_object (&self->socket);
      self->socket = plum_spare_port_new (self->family, &self->port, &self->error);
      if (self->socket == NULL || !self->client->is_used (self->port, self->user_data))
        return self->socket != NULL;
    }

  self->error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_CONFLICT,
                                     _ ("No unused port was found for the short mapping"));
  return FALSE;
}

static void
plum_address_probe_start (PlumAddressProbe *self)
{
  g_autofree char *description = NULL;
  g_autoptr (GBytes) key = NULL;

  self->next = 0;
  self->backend = plum_address_probe_pick (self);
  if (self->backend != NULL)
    key = plum_key_new (&self->error);
  if (key == NULL || !plum_address_probe_bind (self))
    {
      plum_address_probe_finish (self);
      return;
    }

  description =
    plum_settings_make_description (self->settings, NULL, PLUM_PROTOCOL_UDP, self->port);
  self->request = plum_request_new (PLUM_PROTOCOL_UDP, self->port, self->port, FALSE, NULL,
                                    LIFETIME, description, key);
  plum_address_probe_ask (self);
}

void
plum_address_probe_add (PlumAddressProbe *self, PlumAddressProbeFunc func, gpointer user_data)
{
  const Waiter waiter = { func, user_data };

  g_array_append_val (self->waiters, waiter);
  if (self->request == NULL)
    plum_address_probe_start (self);
}

void
plum_address_probe_remove (PlumAddressProbe *self, gpointer user_data)
{
  for (guint i = 0; i < self->waiters->len; i++)
    {
      if (g_array_index (self->waiters, Waiter, i).user_data == user_data)
        {
          g_array_remove_index (self->waiters, i);
          return;
        }
    }
}

guint
plum_address_probe_get_port (PlumAddressProbe *self)
{
  return self->port;
}

PlumAddressProbe *
plum_address_probe_new (PlumRace *race,
                        GSocketFamily family,
                        const PlumSettings *settings,
                        PlumSignalQueue *signals,
                        const PlumAddressProbeClient *client,
                        gpointer user_data)
{
  PlumAddressProbe *self = g_new0 (PlumAddressProbe, 1);

  self->race = race;
  self->family = family;
  self->settings = settings;
  self->signals = plum_signal_queue_ref (signals);
  self->client = client;
  self->user_data = user_data;
  self->waiters = g_array_new (FALSE, FALSE, sizeof (Waiter));
  return self;
}

void
plum_address_probe_free (PlumAddressProbe *self)
{
  g_assert (self->request == NULL);

  g_array_unref (self->waiters);
  plum_signal_queue_unref (self->signals);
  g_free (self);
}
