/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-service-watch-private.h"

#include <string.h>

static void G_GNUC_PRINTF (3, 4)
  write_log (PlumService *self, PlumServiceLogLevel level, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (self->config.log_func == NULL || level < self->config.log_level || self->silent)
    return;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  self->config.log_func (level, text, self->config.log_data);
}

static gboolean
endpoint_equal (const PlumServiceMapping *a, const PlumServiceMapping *b)
{
  return a->external_port == b->external_port && strcmp (a->external_host, b->external_host) == 0;
}

/* --- Reports --- */

static void
log_report (PlumService *self, const PlumServiceEntry *entry, const PlumServiceMapping *now)
{
  const PlumServiceMapping *before = &entry->reported;
  const char *protocol = now->protocol == PLUM_SERVICE_TCP ? "TCP" : "UDP";
  const char *name = entry->request.description;
  g_autofree char *what =
    g_strdup_printf ("%s %u%s%s%s", protocol, now->internal_port, name != NULL ? " (" : "",
                     name != NULL ? name : "", name != NULL ? ")" : "");

  if (now->state == PLUM_SERVICE_SUCCESS &&
      (before->state != PLUM_SERVICE_SUCCESS || !endpoint_equal (before, now) ||
       before->generation != now->generation))
    write_log (self, PLUM_SERVICE_LOG_INFO, "%s is mapped at %s port %u, by %s", what,
               *now->external_host != '\0' ? now->external_host : "an unknown address",
               now->external_port, now->backend);
  else if (now->error != PLUM_SERVICE_OK && strcmp (before->error_text, now->error_text) != 0)
    write_log (self, PLUM_SERVICE_LOG_WARN, "%s: %s", what, now->error_text);
}

static gboolean
is_news (const PlumServiceMapping *before, const PlumServiceMapping *now)
{
  return before->state != now->state || !endpoint_equal (before, now) ||
         before->generation != now->generation || before->error != now->error ||
         before->external_scope != now->external_scope ||
         strcmp (before->error_text, now->error_text) != 0;
}

static void
report (PlumService *self, PlumServiceEntry *entry, PlumServiceMapping *now)
{
  plum_service_table_write (&self->table, entry, now);
  if (!is_news (&entry->reported, now))
    return;

  log_report (self, entry, now);
  entry->reported = *now;
  if (entry->request.callback != NULL && !self->silent)
    entry->request.callback (self, now, entry->request.callback_data);
}

static void
set_error (PlumServiceMapping *now, const GError *error)
{
  now->error = plum_service_error_from_gerror (error);
  plum_service_copy_message (now->error_text, sizeof now->error_text,
                             error != NULL ? error->message : NULL);
}

static void
report_destroyed (PlumService *self, PlumServiceEntry *entry, PlumServiceMapping *now)
{
  now->state = PLUM_SERVICE_DESTROYED;
  plum_service_table_remove (&self->table, entry);
  report (self, entry, now);
}

static void
set_replaced (PlumServiceMapping *now, const PlumServiceMapping *before)
{
  plum_service_copy_text (now->replaced_host, sizeof now->replaced_host, before->replaced_host);
  now->replaced_port = before->replaced_port;

  /* Remembers the last endpoint while the mapping is down. */
  if (before->external_port != 0 && !endpoint_equal (before, now))
    {
      plum_service_copy_text (now->replaced_host, sizeof now->replaced_host, before->external_host);
      now->replaced_port = before->external_port;
    }
  if (now->external_port != 0 && now->external_port == now->replaced_port &&
      strcmp (now->external_host, now->replaced_host) == 0)
    {
      now->replaced_host[0] = '\0';
      now->replaced_port = 0;
    }
}

/* --- PlumMapping --- */

static void
take_snapshot (PlumServiceEntry *entry, PlumServiceMapping *now)
{
  PlumMapping *mapping = entry->mapping;

  memset (now, 0, sizeof *now);
  now->size = sizeof *now;
  now->id = entry->id;
  now->protocol = entry->request.protocol;
  now->family = entry->request.family;
  now->internal_port = entry->request.internal_port;
  now->state = (PlumServiceState) plum_mapping_get_state (mapping);
  now->external_port = (guint16) plum_mapping_get_external_port (mapping);
  now->external_scope = (PlumServiceScope) plum_mapping_get_external_scope (mapping);
  now->lifetime = plum_mapping_get_lifetime (mapping);
  plum_service_copy_text (now->external_host, sizeof now->external_host,
                          plum_mapping_get_external_host (mapping));
  plum_service_copy_text (now->backend, sizeof now->backend,
                          plum_mapping_get_backend_name (mapping));
  set_error (now, plum_mapping_get_error (mapping));
  set_replaced (now, &entry->reported);
  now->generation = plum_mapping_get_generation (entry->mapping);
}

typedef struct
{
  PlumService *service;
  PlumServiceEntry *entry;
} Watch;

static void
watch_free (gpointer data, GClosure *closure)
{
  Watch *watch = data;

  plum_service_table_unref (&watch->service->table, watch->entry);
  g_free (watch);
}

/* All properties have their new values when the first of them is notified. */
static void
on_notify (GObject *object, GParamSpec *pspec, gpointer user_data)
{
  Watch *watch = user_data;
  PlumServiceEntry *entry = watch->entry;
  PlumServiceMapping now;

  if (entry->mapping == NULL || g_str_equal (pspec->name, "id"))
    return;

  take_snapshot (entry, &now);
  if (now.state != PLUM_SERVICE_DESTROYED)
    {
      report (watch->service, entry, &now);
      return;
    }

  g_clear_object (&entry->mapping);
  report_destroyed (watch->service, entry, &now);
}

static PlumMapping *
create_mapping (const PlumServiceRequest *request)
{
  GSocketFamily family =
    request->family == PLUM_SERVICE_IPV6 ? G_SOCKET_FAMILY_IPV6 : G_SOCKET_FAMILY_IPV4;
  g_autoptr (GInetAddress) local = NULL;

  if (request->local_address != NULL)
    local = g_inet_address_new_from_string (request->local_address);

  return g_object_new (PLUM_TYPE_MAPPING, "protocol", (PlumProtocol) request->protocol, "family",
                       family, "internal-port", (guint) request->internal_port,
                       "requested-external-port", (guint) request->external_port,
                       "require-external-port", (gboolean) request->require_external_port,
                       "description", request->description, "local-address", local, NULL);
}

/* The manager has refused the mapping. */
static void
report_refused (PlumService *self, PlumServiceEntry *entry, const GError *error)
{
  PlumServiceMapping now = entry->reported;

  now.state = PLUM_SERVICE_FAILURE;
  set_error (&now, error);
  report (self, entry, &now);
}

void
plum_service_watch_add (PlumService *self, PlumServiceEntry *entry)
{
  g_autoptr (PlumMapping) mapping = create_mapping (&entry->request);
  g_autoptr (GError) error = NULL;
  Watch *watch = g_new0 (Watch, 1);

  watch->service = self;
  watch->entry = plum_service_table_lookup (&self->table, entry->id);
  g_assert (watch->entry == entry);

  entry->mapping = g_object_ref (mapping);
  g_signal_connect_data (mapping, "notify", G_CALLBACK (on_notify), watch, watch_free, 0);
  if (plum_manager_add_mapping (self->manager, mapping, &error))
    return;

  g_clear_object (&entry->mapping);
  report_refused (self, entry, error);
}

void
plum_service_watch_remove (PlumService *self, PlumServiceEntry *entry)
{
  PlumServiceMapping now = entry->reported;

  now.error = PLUM_SERVICE_OK;
  now.error_text[0] = '\0';
  report_destroyed (self, entry, &now);
}
