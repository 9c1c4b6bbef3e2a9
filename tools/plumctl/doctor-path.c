/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-path.h"

#include "describe.h"
#include "endpoint.h"

#include <glib/gi18n-lib.h>

/* Long enough for the library to detect a silent router. */
#define QUERY_MS 3500

/* The router beyond those that are known. Without --gateway, the gateway is the first hop. */
GInetAddress *
doctor_path_get_next (DoctorPath *self)
{
  GInetAddress *gateway = plum_gateway_get_address (self->gateway);

  if (self->named && !address_equal (self->hops[0].hop, gateway))
    return NULL;

  /* Two routers that share an address, or one that decrements the TTL twice. */
  return address_equal (self->hops[self->n_known].hop, gateway) ? NULL
                                                                : self->hops[self->n_known].hop;
}

/* The router between this computer and the gateway. */
GInetAddress *
doctor_path_get_between (DoctorPath *self)
{
  GInetAddress *gateway = plum_gateway_get_address (self->gateway);

  if (!self->named || !address_equal (self->hops[1].hop, gateway))
    return NULL;

  return address_equal (self->hops[0].hop, gateway) ? NULL : self->hops[0].hop;
}

/* Whether the second router supports a protocol that maps ports: then it translates addresses
 * and is not a plain router. One that refuses for lack of a public address supports the
 * protocol. */
gboolean
doctor_path_other_maps (DoctorPath *self)
{
  GListModel *probes;

  if (self->other == NULL)
    return FALSE;
  if (plum_gateway_get_backend_name (self->other) != NULL)
    return TRUE;

  probes = plum_gateway_get_probes (self->other);
  for (guint i = 0; i < g_list_model_get_n_items (probes); i++)
    {
      g_autoptr (PlumProbe) probe = g_list_model_get_item (probes, i);

      if (g_error_matches (plum_probe_get_error (probe), PLUM_ERROR, PLUM_ERROR_NO_RESOURCES))
        return TRUE;
    }

  return FALSE;
}

/* The external address of the second router; NULL if it was not queried or did not report it. */
static GInetAddress *
get_other_external (DoctorPath *self)
{
  GInetAddress *own = plum_gateway_get_external_address (self->gateway);
  GInetAddress *address =
    self->other != NULL ? plum_gateway_get_external_address (self->other) : NULL;

  /* The gateway also answers searches that are meant for the second router. */
  return address_equal (own, address) ? NULL : address;
}

/* Whether the router beyond the gateway belongs to the provider, not to the home. */
static gboolean
is_provider (DoctorPath *self, GInetAddress *next)
{
  return self->scope == PLUM_ADDRESS_SCOPE_CGNAT ||
         (next != NULL && plum_address_get_scope (next) != PLUM_ADDRESS_SCOPE_PRIVATE);
}

/* Whether the router beyond those that are known was looked for. */
static gboolean
hop_was_probed (DoctorPath *self)
{
  return self->hops[self->n_known].ttl != 0;
}

void
doctor_path_add_between (DoctorPath *self, gboolean translated, DoctorRouters *routers)
{
  GInetAddress *between = doctor_path_get_between (self);
  GInetAddress *external = between != NULL ? get_other_external (self) : NULL;
  g_autofree char *address = describe_address (between);
  g_autofree char *text = describe_address (external);

  if (between != NULL || translated)
    doctor_routers_add (routers, DOCTOR_ROUTER_BETWEEN, address, text,
                        plum_address_get_scope (external));
}

void
doctor_path_add_next (DoctorPath *self, DoctorRouters *routers)
{
  GInetAddress *next = doctor_path_get_next (self);
  GInetAddress *external = self->n_known == 1 ? get_other_external (self) : NULL;
  g_autofree char *address = describe_address (next);
  g_autofree char *text = describe_address (external);
  DoctorRouter *router =
    doctor_routers_add (routers,
                        is_provider (self, next) ? DOCTOR_ROUTER_PROVIDER : DOCTOR_ROUTER_NEXT,
                        address, text, plum_address_get_scope (external));

  router->unanswered = next == NULL && hop_was_probed (self);
}

static void
on_doctor_path_discovered (GObject *object, GAsyncResult *result, gpointer user_data)
{
  DoctorPath *self = user_data;

  self->returned = TRUE;
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  plum_manager_discover_finish (PLUM_MANAGER (object), result, NULL);
  if (self->done != NULL)
    self->done (self);
}

static gboolean
on_doctor_path_deadline (gpointer user_data)
{
  DoctorPath *self = user_data;

  self->deadline_id = 0;
  g_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* The external address is enough: do not wait for the other backends. */
static void
on_doctor_path_property (GatewayWatch *watch, PlumGateway *gateway, const char *name)
{
  DoctorPath *self = watch->user_data;

  if (plum_gateway_get_external_address (gateway) != NULL &&
      plum_gateway_get_backend_name (gateway) != NULL)
    g_cancellable_cancel (self->cancellable);
}

static void
on_doctor_path_gateway (GatewayWatch *watch, PlumGateway *gateway, gboolean present)
{
  DoctorPath *self = watch->user_data;

  if (present && self->other == NULL)
    self->other = g_object_ref (gateway);
}

static void
on_doctor_path_traffic (GatewayWatch *watch,
                        PlumGateway *gateway,
                        const char *backend,
                        PlumTrafficDirection direction,
                        GSocketAddress *peer,
                        GBytes *bytes)
{
  DoctorPath *self = watch->user_data;

  doctor_log_add_traffic (self->log, gateway, backend, direction, peer, bytes);
}

static void
on_doctor_path_note (GatewayWatch *watch,
                     PlumGateway *gateway,
                     const char *backend,
                     const char *text)
{
  DoctorPath *self = watch->user_data;

  doctor_log_add_note (self->log, gateway, backend, text);
}

static void
doctor_path_query (DoctorPath *self, GInetAddress *router)
{
  plum_manager_set_gateway_address (self->manager, router);
  self->cancellable = g_cancellable_new ();
  self->deadline_id = g_timeout_add (QUERY_MS, on_doctor_path_deadline, self);
  self->returned = FALSE;
  self->watch = (GatewayWatch){
    .gateway = on_doctor_path_gateway,
    .property = on_doctor_path_property,
    .traffic = on_doctor_path_traffic,
    .note = on_doctor_path_note,
    .user_data = self,
  };
  gateway_watch_start (&self->watch, self->manager);
  plum_manager_discover_async (self->manager, self->cancellable, on_doctor_path_discovered, self);
}

static void
on_hop (HopProbe *probe)
{
  DoctorPath *self = probe->user_data;
  g_autofree char *address = describe_address (probe->hop);
  g_autofree char *note =
    g_strdup_printf (_ ("path: %s is router %u on the path to the internet"),
                     address != NULL ? address : _ ("an unknown address"), probe->ttl);
  GInetAddress *between;
  GInetAddress *next;

  doctor_log_add_note (self->log, self->gateway, "path", note);
  if (--self->n_open > 0)
    return;

  between = doctor_path_get_between (self);
  next = doctor_path_get_next (self);
  if (between != NULL && plum_address_get_scope (between) == PLUM_ADDRESS_SCOPE_PRIVATE)
    doctor_path_query (self, between);
  else if (next != NULL && self->n_known == 1 && self->scope != PLUM_ADDRESS_SCOPE_PUBLIC &&
           !is_provider (self, next))
    doctor_path_query (self, next);
  else
    self->done (self);
}

static void
on_hop_traffic (HopProbe *probe, GSocketAddress *peer, GBytes *bytes)
{
  DoctorPath *self = probe->user_data;

  doctor_log_add_traffic (self->log, self->gateway, "path", PLUM_TRAFFIC_SENT, peer, bytes);
}

/* FALSE: no hop can be probed, and done() is not called. @manager: a separate manager for the
 * second router. */
gboolean
doctor_path_start (DoctorPath *self, PlumManager *manager)
{
  self->manager = g_object_ref (manager);
  self->returned = TRUE;

  /* The first hop is probed only if it may be another router than the gateway. */
  for (guint i = self->named ? 0 : 1; i <= MAX (self->n_known, 1); i++)
    {
      HopProbe *hop = &self->hops[i];

      hop->ttl = i + 1;
      hop->done = on_hop;
      hop->traffic = on_hop_traffic;
      hop->user_data = self;
      if (hop_probe_start (hop, self->interface))
        self->n_open++;
    }

  return self->n_open > 0;
}

void
doctor_path_clear (DoctorPath *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->hops); i++)
    hop_probe_clear (&self->hops[i]);

  self->done = NULL;
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  if (self->cancellable != NULL)
    {
      /* The call holds a pointer to @self until it returns. */
      g_cancellable_cancel (self->cancellable);
      while (!self->returned)
        g_main_context_iteration (NULL, TRUE);
      gateway_watch_clear (&self->watch);
    }
  g_clear_object (&self->cancellable);
  g_clear_object (&self->other);
  g_clear_object (&self->manager);
}
