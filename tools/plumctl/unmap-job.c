/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unmap-job.h"

#include "common-options.h"
#include "describe.h"
#include "endpoint.h"
#include "exit-code.h"
#include "json.h"
#include "output.h"
#include "port-spec.h"
#include "unmap-records.h"

#include <glib/gi18n-lib.h>

#define SILENT_MS 1000

static void delete_next_entry (UnmapJob *self);

UnmapJob *
unmap_job_new (PlumProtocol protocol,
               GSocketFamily family,
               guint internal_port,
               guint external_port,
               GInetAddress *host)
{
  UnmapJob *self = g_rc_box_new0 (UnmapJob);

  self->protocol = protocol;
  self->family = family;
  self->internal_port = internal_port;
  self->external_port = external_port;
  g_set_object (&self->host, host);
  self->entries = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

static void
unmap_job_clear (UnmapJob *self)
{
  g_ptr_array_unref (self->entries);
  g_clear_object (&self->host);
  g_free (self->message);
}

/* A pending call has a reference as well. */
void
unmap_job_unref (UnmapJob *self)
{
  g_rc_box_release_full (self, (GDestroyNotify) unmap_job_clear);
}

/* host: (nullable) */
gboolean
unmap_job_has_host (const UnmapJob *self, GInetAddress *host)
{
  return self->host == host || address_equal (self->host, host);
}

static gboolean
unmap_job_equal (const UnmapJob *self, const UnmapJob *other)
{
  return self->protocol == other->protocol && self->family == other->family &&
         self->internal_port == other->internal_port &&
         self->external_port == other->external_port && unmap_job_has_host (self, other->host);
}

static void
add_spec (GPtrArray *jobs, const PortSpec *spec, GSocketFamily family, GInetAddress *host)
{
  for (guint i = 0; i < spec->n_ports; i++)
    g_ptr_array_add (jobs, unmap_job_new (spec->protocol, family, spec->first_internal + i,
                                          spec->first_external != 0 ? spec->first_external + i : 0,
                                          host));
}

/* Adds the jobs of the command line. Reports an invalid SPEC. */
gboolean
unmap_job_parse (GPtrArray *jobs, char **specs, gboolean ipv4, gboolean ipv6, GInetAddress *host)
{
  for (guint i = 0; specs[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      PortSpec spec;

      if (!port_spec_parse (specs[i], &spec, &error))
        {
          output_error (_ ("“%s”: %s"), specs[i], error->message);
          return FALSE;
        }

      if (ipv4)
        add_spec (jobs, &spec, G_SOCKET_FAMILY_IPV4, host);
      if (ipv6)
        add_spec (jobs, &spec, G_SOCKET_FAMILY_IPV6, host);
    }

  if (jobs->len > 0)
    return TRUE;

  output_error (_ ("no SPEC given, for example tcp:8080 or udp:5000:6000"));
  return FALSE;
}

/* Adds a job for the port of an entry, if there is none yet. host: (nullable) */
void
unmap_job_add (GPtrArray *jobs, GSocketFamily family, PlumEntry *entry, GInetAddress *host)
{
  UnmapJob *job =
    unmap_job_new (plum_entry_get_protocol (entry), family, plum_entry_get_internal_port (entry),
                   plum_entry_get_external_port (entry), host);

  for (guint i = 0; i < jobs->len; i++)
    if (unmap_job_equal (jobs->pdata[i], job))
      {
        unmap_job_unref (job);
        return;
      }

  g_ptr_array_add (jobs, job);
}

/* --- Removal --- */

static UnmapOutcome
get_outcome (const GError *error)
{
  if (error == NULL)
    return UNMAP_REMOVED;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED))
    return UNMAP_NOT_FOUND;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_CONFLICT))
    return UNMAP_OTHER_HOST;
  if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT) ||
      g_error_matches (error, PLUM_ERROR, PLUM_ERROR_MALFORMED))
    return UNMAP_NOT_CONFIRMED;
  return describe_exit_code (error) == PLUMCTL_NO_ROUTER ? UNMAP_NO_ROUTER : UNMAP_FAILED;
}

static void
set_outcome (UnmapJob *self, const GError *error)
{
  self->outcome = get_outcome (error);
  g_free (self->message);
  self->message = error != NULL ? g_strdup (error->message) : NULL;
}

/* Drops the reference of the calls. */
static void
unmap_job_finish (UnmapJob *self)
{
  UnmapJobFunc done = g_steal_pointer (&self->done);

  if (done != NULL)
    {
      self->decided = TRUE;
      done (self, self->user_data);
    }
  unmap_job_unref (self);
}

/* Decides a job that is not decided yet: done() is not called. message: why */
void
unmap_job_give_up (UnmapJob *self, const char *message)
{
  self->done = NULL;
  self->decided = TRUE;
  self->outcome = self->manager != NULL ? UNMAP_NOT_CONFIRMED : UNMAP_NO_ROUTER;
  g_free (self->message);
  self->message = g_strdup (message);
}

/* An entry that was just removed by its record is no failure. */
static void
take_entry_outcome (UnmapJob *self, const GError *error)
{
  UnmapOutcome outcome = get_outcome (error);

  if (outcome == UNMAP_NOT_FOUND)
    return;
  if (unmap_outcome_is_replaced (self->outcome, outcome, self->has_entry, self->asks_beyond))
    set_outcome (self, error);
  self->has_entry = TRUE;
}

static void
on_entry_deleted (GObject *object, GAsyncResult *result, gpointer user_data)
{
  UnmapJob *self = user_data;
  g_autoptr (GError) error = NULL;

  plum_gateway_delete_entry_finish (PLUM_GATEWAY (object), result, &error);
  if (self->done != NULL)
    take_entry_outcome (self, error);
  delete_next_entry (self);
}

static void
delete_next_entry (UnmapJob *self)
{
  g_autoptr (PlumGateway) gateway =
    g_list_model_get_item (plum_manager_get_gateways (self->manager), 0);
  g_autoptr (PlumEntry) entry = NULL;

  if (self->done == NULL || self->entries->len == 0 || gateway == NULL)
    {
      unmap_job_finish (self);
      return;
    }

  entry = g_ptr_array_steal_index (self->entries, 0);
  plum_gateway_delete_entry_async (gateway, entry, NULL, on_entry_deleted, self);
}

/* Whether the first router was silent, unlike one that was not even asked. */
static gboolean
was_silent (const UnmapJob *self, const GError *error)
{
  return !self->asks_beyond && g_error_matches (error, PLUM_ERROR, PLUM_ERROR_TIMED_OUT) &&
         g_get_monotonic_time () - self->started >= SILENT_MS * 1000;
}

/* The same question would take as long again. */
static void
drop_asked_entries (UnmapJob *self)
{
  guint port = self->external_port != 0 ? self->external_port : self->internal_port;

  for (guint i = self->entries->len; i > 0; i--)
    {
      PlumEntry *entry = self->entries->pdata[i - 1];

      if (self->is_recorded ? unmap_records_has_entry (self->manager, entry)
                            : plum_entry_get_external_port (entry) == port)
        g_ptr_array_remove_index (self->entries, i - 1);
    }
}

static void
on_unmapped (GObject *object, GAsyncResult *result, gpointer user_data)
{
  UnmapJob *self = user_data;
  g_autoptr (GError) error = NULL;

  if (self->host != NULL)
    plum_manager_unmap_host_finish (PLUM_MANAGER (object), result, &error);
  else
    plum_manager_unmap_finish (PLUM_MANAGER (object), result, &error);
  if (self->done != NULL)
    set_outcome (self, error);
  if (was_silent (self, error))
    drop_asked_entries (self);
  delete_next_entry (self);
}

static gboolean
is_of_job (const UnmapJob *self, PlumEntry *entry)
{
  return self->family == G_SOCKET_FAMILY_IPV4 && self->host == NULL &&
         plum_entry_get_protocol (entry) == self->protocol &&
         plum_entry_get_internal_port (entry) == self->internal_port &&
         (self->external_port == 0 || plum_entry_get_external_port (entry) == self->external_port);
}

/* entries: of this computer, as the router lists them: their external ports are known. */
void
unmap_job_start (
  UnmapJob *self, PlumManager *manager, GPtrArray *entries, UnmapJobFunc done, gpointer user_data)
{
  self->manager = manager;
  self->done = done;
  self->user_data = user_data;
  self->started = g_get_monotonic_time ();
  g_rc_box_acquire (self);
  for (guint i = 0; i < entries->len; i++)
    if (is_of_job (self, entries->pdata[i]))
      g_ptr_array_add (self->entries, g_object_ref (entries->pdata[i]));

  if (self->host != NULL)
    {
      plum_manager_unmap_host_async (manager, self->protocol, self->host, self->internal_port,
                                     self->external_port, NULL, on_unmapped, self);
      return;
    }

  plum_manager_unmap_async (manager, self->protocol, self->family, self->internal_port,
                            self->external_port, NULL, on_unmapped, self);
}

/* --- Report --- */

/* Whatever the family is. */
gboolean
unmap_job_is_same_port (const UnmapJob *self, const UnmapJob *other)
{
  return self->protocol == other->protocol && self->internal_port == other->internal_port &&
         unmap_job_has_host (self, other->host);
}

/* A router of IPv4 that cannot be asked does not matter if the user did not name the family: it has
 * no mapping, as far as is known. */
static gboolean
is_unknown_to_ipv4 (const UnmapJob *ipv4, gboolean any_family)
{
  return any_family && ipv4->outcome == UNMAP_NO_ROUTER && !ipv4->is_recorded && !ipv4->asks_beyond;
}

/* A port of which only one family has a mapping is reported once. any_family: the user named none.
 */
void
unmap_job_merge_families (UnmapJob *ipv4, UnmapJob *ipv6, gboolean any_family)
{
  if (ipv6->outcome == UNMAP_NOT_FOUND || ipv6->outcome == UNMAP_NO_ROUTER)
    ipv6->hidden = TRUE;
  else if ((ipv4->outcome == UNMAP_NOT_FOUND && ipv6->outcome == UNMAP_REMOVED) ||
           is_unknown_to_ipv4 (ipv4, any_family))
    ipv4->hidden = TRUE;
}

static void
unmap_job_print_json (const UnmapJob *self)
{
  g_autofree char *text = NULL;
  JsonWriter json;

  json_writer_init (&json);
  json_writer_begin_object (&json, NULL);
  json_writer_string (&json, "event", self->outcome == UNMAP_REMOVED ? "removed" : "not-removed");
  json_writer_string (&json, "protocol", describe_protocol (self->protocol));
  json_writer_int (&json, "internal_port", self->internal_port);
  json_writer_string (&json, "family", self->family == G_SOCKET_FAMILY_IPV6 ? "ipv6" : "ipv4");
  describe_address_json (&json, "internal_address", self->host);
  json_writer_string (&json, "outcome", unmap_outcome_get_name (self->outcome));
  if (self->outcome == UNMAP_REMOVED && !self->may_be_nothing)
    json_writer_bool (&json, "was_there", TRUE);
  else if (self->outcome == UNMAP_NOT_FOUND)
    json_writer_bool (&json, "was_there", FALSE);
  else
    json_writer_null (&json, "was_there");
  json_writer_bool (&json, "asked_beyond", self->asks_beyond);
  json_writer_string (&json, "message", self->message);
  json_writer_end_object (&json);
  text = json_writer_finish (&json);
  output_json (text);
}

/* Such as "tcp:8080 for 192.168.1.50". */
static char *
dup_name (const UnmapJob *self)
{
  const char *protocol = describe_protocol (self->protocol);
  const char *family = self->family == G_SOCKET_FAMILY_IPV6 ? " (IPv6)" : "";
  g_autofree char *host = describe_address (self->host);
  g_autofree char *port =
    host != NULL
      /* Translators: a port such as tcp:80, and its host. */
      ? g_strdup_printf (_ ("%s:%u for %s"), protocol, self->internal_port, host)
      : g_strdup_printf ("%s:%u", protocol, self->internal_port);

  return g_strconcat (port, family, NULL);
}

void
unmap_job_print (const UnmapJob *self)
{
  g_autofree char *name = NULL;

  if (common_options.json)
    {
      unmap_job_print_json (self);
      return;
    }

  name = dup_name (self);
  switch (self->outcome)
    {
    case UNMAP_REMOVED:
      output_line (OUTPUT_GOOD,
                   self->may_be_nothing ? _ ("%s removed, if it was there") : _ ("%s removed"),
                   name);
      break;
    case UNMAP_NOT_FOUND:
      if (self->host != NULL)
        output_line (OUTPUT_PLAIN, "%s: %s", name, self->message);
      else
        output_line (OUTPUT_PLAIN, _ ("%s: the router has no mapping of this port"), name);
      break;
    case UNMAP_OTHER_HOST:
      output_error (_ ("%s: not removed: %s"), name, self->message);
      break;
    case UNMAP_NOT_CONFIRMED:
      output_error (_ ("%s: the router did not confirm the removal and may keep the mapping: %s"),
                    name, self->message);
      break;
    case UNMAP_NO_ROUTER:
    case UNMAP_FAILED:
    default:
      output_error (_ ("%s: not removed: %s"), name, self->message);
    }
}
