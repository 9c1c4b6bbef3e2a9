/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "doctor-trial.h"

#include <glib/gi18n-lib.h>

#define DESCRIPTION "plumctl doctor"

static void read_table (DoctorTrial *self);

/* Binds an unused port, so that no other program receives traffic while it is mapped. */
static gboolean
bind_port (DoctorTrial *self, PlumProtocol protocol, TrialMapping *trial)
{
  GInetAddress *local = plum_gateway_get_local_address (self->gateway);
  g_autoptr (GSocketAddress) any_port = g_inet_socket_address_new (local, 0);
  g_autoptr (GSocketAddress) bound = NULL;

  trial->socket =
    g_socket_new (g_inet_address_get_family (local),
                  protocol == PLUM_PROTOCOL_TCP ? G_SOCKET_TYPE_STREAM : G_SOCKET_TYPE_DATAGRAM,
                  G_SOCKET_PROTOCOL_DEFAULT, &trial->error);
  if (trial->socket == NULL || !g_socket_bind (trial->socket, any_port, FALSE, &trial->error))
    return FALSE;

  bound = g_socket_get_local_address (trial->socket, &trial->error);
  if (bound == NULL)
    return FALSE;

  trial->internal_port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return TRUE;
}

static void
copy_outcome (DoctorTrial *self, TrialMapping *trial)
{
  const GError *error = plum_mapping_get_error (trial->mapping);

  trial->decided = TRUE;
  trial->mapped = plum_mapping_get_state (trial->mapping) == PLUM_STATE_SUCCESS;
  if (!trial->mapped)
    {
      if (error != NULL)
        trial->error = g_error_copy (error);
      else
        trial->error = g_error_new (PLUM_ERROR, PLUM_ERROR_TIMED_OUT,
                                    _ ("No answer to the trial mapping within %.1f s"),
                                    self->timeout_ms / 1000.0);
      return;
    }

  trial->backend = g_strdup (plum_mapping_get_backend_name (trial->mapping));
  trial->external_port = plum_mapping_get_external_port (trial->mapping);
  trial->external_host = g_strdup (plum_mapping_get_external_host (trial->mapping));
  trial->scope = plum_mapping_get_external_scope (trial->mapping);
  trial->hops = g_object_ref (plum_mapping_get_hops (trial->mapping));
  if (plum_mapping_get_upstream_error (trial->mapping) != NULL)
    trial->upstream_error = g_error_copy (plum_mapping_get_upstream_error (trial->mapping));
  trial->lifetime = plum_mapping_get_lifetime (trial->mapping);
}

static void
doctor_trial_finish (DoctorTrial *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  self->done (self);
}

static void
on_removed (GObject *object, GAsyncResult *result, gpointer user_data)
{
  DoctorTrial *self = user_data;
  TrialMapping *trial = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (self->mappings) && trial == NULL; i++)
    if (self->mappings[i].removing)
      trial = &self->mappings[i];

  g_assert (trial != NULL); /* mappings are removed one at a time */
  trial->removing = FALSE;
  if (plum_manager_destroy_mapping_finish (PLUM_MANAGER (object), result, &trial->remove_error) &&
      trial->mapped && plum_mapping_get_error (trial->mapping) != NULL)
    trial->remove_error = g_error_copy (plum_mapping_get_error (trial->mapping));
  g_clear_object (&trial->mapping);
  read_table (self);
}

/* One at a time: the result does not name the mapping. */
static gboolean
remove_next (DoctorTrial *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->mappings); i++)
    {
      TrialMapping *trial = &self->mappings[i];

      if (trial->mapping == NULL)
        continue;
      trial->removing = TRUE;
      plum_manager_destroy_mapping_async (self->manager, plum_mapping_get_id (trial->mapping), NULL,
                                          on_removed, self);
      return TRUE;
    }

  return FALSE;
}

/* What a table tells about a mapping. An entry that could not be read may be that of the mapping.
 * disabled: (out): whether the router has disabled the entry that was found. */
static Readback
find_in_table (GListModel *table,
               PlumProtocol protocol,
               TrialMapping *trial,
               GInetAddress *local,
               gboolean *disabled)
{
  Readback found = READBACK_GONE;

  for (guint i = 0; i < g_list_model_get_n_items (table); i++)
    {
      g_autoptr (PlumEntry) entry = g_list_model_get_item (table, i);
      GInetAddress *address = plum_entry_get_internal_address (entry);

      if (address == NULL || plum_entry_get_internal_port (entry) == 0)
        found = READBACK_UNKNOWN;
      else if (plum_entry_get_protocol (entry) == protocol &&
               plum_entry_get_internal_port (entry) == trial->internal_port &&
               g_inet_address_equal (address, local))
        {
          *disabled = !plum_entry_get_enabled (entry);
          return READBACK_THERE;
        }
    }

  return found;
}

/* Whether the answers of the protocol tell about its mappings more than the table does: only UPnP
 * can read the table, and the router need not list the mappings of other protocols in it. */
static gboolean
is_confirmed_by_answer (const TrialMapping *mapping)
{
  return g_strcmp0 (mapping->backend, "pcp") == 0 || g_strcmp0 (mapping->backend, "natpmp") == 0;
}

/* A disabled entry forwards nothing, although the router has reported success. */
static void
take_disabled (TrialMapping *trial)
{
  if (!trial->mapped || is_confirmed_by_answer (trial))
    return;

  trial->mapped = FALSE;
  g_clear_error (&trial->error);
  trial->error = g_error_new_literal (PLUM_ERROR, PLUM_ERROR_REFUSED,
                                      _ ("the router has added the entry, but disabled it"));
}

static void
on_table (GObject *object, GAsyncResult *result, gpointer user_data)
{
  DoctorTrial *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GListModel) table =
    plum_gateway_list_entries_finish (PLUM_GATEWAY (object), result, &error);
  GInetAddress *local = plum_gateway_get_local_address (self->gateway);

  for (guint i = 0; i < G_N_ELEMENTS (self->mappings); i++)
    {
      TrialMapping *trial = &self->mappings[i];
      Readback seen = READBACK_UNKNOWN;
      gboolean disabled = FALSE;

      /* A mapping that failed may have taken effect all the same. */
      if (trial->internal_port == 0 || (self->reading_first && !trial->mapped))
        continue;
      if (table != NULL)
        seen = find_in_table (table, (PlumProtocol) i, trial, local, &disabled);
      else if (g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
        seen = READBACK_NOT_SUPPORTED;
      if (self->reading_first)
        trial->after_map = seen;
      if (self->reading_first && disabled)
        take_disabled (trial);
      if (!self->reading_first)
        trial->after_remove = seen;
    }

  if (!self->reading_first)
    {
      doctor_trial_finish (self);
      return;
    }

  self->reading_first = FALSE;
  read_table (self);
}

/* Reads the table, after removing the mappings if this is the second reading. */
static void
read_table (DoctorTrial *self)
{
  if (!self->reading_first && remove_next (self))
    return;

  plum_gateway_list_entries_async (self->gateway, NULL, on_table, self);
}

static void
on_proof_done (DoctorProof *proof)
{
  DoctorTrial *self = proof->user_data;

  self->mappings[PLUM_PROTOCOL_TCP].arrived = proof->tcp.arrived;
  read_table (self);
}

static void
on_proof_note (DoctorProof *proof, const char *text)
{
  DoctorTrial *self = proof->user_data;

  if (self->note != NULL)
    self->note (self, text);
}

static gboolean
start_proof (DoctorTrial *self)
{
  DoctorProofMapping mapped[G_N_ELEMENTS (self->mappings)];
  gboolean tcp = self->mappings[PLUM_PROTOCOL_TCP].mapped;
  gboolean udp = self->mappings[PLUM_PROTOCOL_UDP].mapped;

  for (guint i = 0; i < G_N_ELEMENTS (self->mappings); i++)
    mapped[i] = (DoctorProofMapping){
      .socket = self->mappings[i].socket,
      .host = self->mappings[i].external_host,
      .port = self->mappings[i].external_port,
    };

  self->proof.done = on_proof_done;
  self->proof.note = on_proof_note;
  self->proof.user_data = self;
  return doctor_proof_start (&self->proof, self->gateway, tcp ? &mapped[PLUM_PROTOCOL_TCP] : NULL,
                             udp ? &mapped[PLUM_PROTOCOL_UDP] : NULL);
}

/* The first router alone is reported if the one beyond it takes long to answer. */
static gboolean
is_trial_pending (const TrialMapping *trial)
{
  PlumState state = plum_mapping_get_state (trial->mapping);

  return state == PLUM_STATE_PENDING ||
         (state == PLUM_STATE_SUCCESS &&
          g_error_matches (plum_mapping_get_upstream_error (trial->mapping), PLUM_ERROR,
                           PLUM_ERROR_TIMED_OUT));
}

static void
decide (DoctorTrial *self, gboolean timed_out)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->mappings); i++)
    {
      TrialMapping *trial = &self->mappings[i];

      if (trial->decided)
        continue;
      if (!timed_out && is_trial_pending (trial))
        return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (self->mappings); i++)
    {
      TrialMapping *trial = &self->mappings[i];

      if (trial->mapping != NULL)
        g_signal_handlers_disconnect_by_data (trial->mapping, self);
      if (!trial->decided)
        copy_outcome (self, trial);
    }

  g_clear_handle_id (&self->deadline_id, g_source_remove);
  self->reading_first = TRUE;
  if (!start_proof (self))
    read_table (self);
}

static void
on_state (PlumMapping *mapping, GParamSpec *pspec, DoctorTrial *self)
{
  decide (self, FALSE);
}

static gboolean
on_doctor_trial_deadline (gpointer user_data)
{
  DoctorTrial *self = user_data;

  self->deadline_id = 0;
  decide (self, TRUE);
  return G_SOURCE_REMOVE;
}

static void
add_mapping (DoctorTrial *self, PlumProtocol protocol)
{
  TrialMapping *trial = &self->mappings[protocol];

  if (!bind_port (self, protocol, trial))
    {
      trial->decided = TRUE;
      return;
    }

  trial->mapping =
    g_object_new (PLUM_TYPE_MAPPING, "protocol", protocol, "internal-port", trial->internal_port,
                  "family", plum_gateway_get_family (self->gateway), "description", DESCRIPTION,
                  NULL);
  g_signal_connect (trial->mapping, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (trial->mapping, "notify::upstream-error", G_CALLBACK (on_state), self);
  if (!plum_manager_add_mapping (self->manager, trial->mapping, &trial->error))
    {
      trial->decided = TRUE;
      g_clear_object (&trial->mapping);
    }
}

/* The gateway must have a local address, as it does when a backend is available. */
void
doctor_trial_start (DoctorTrial *self, PlumManager *manager, PlumGateway *gateway)
{
  self->manager = g_object_ref (manager);
  self->gateway = g_object_ref (gateway);

  plum_manager_set_lease_duration (manager, DOCTOR_TRIAL_LEASE);
  self->deadline_id = g_timeout_add (self->timeout_ms, on_doctor_trial_deadline, self);
  add_mapping (self, PLUM_PROTOCOL_TCP);
  add_mapping (self, PLUM_PROTOCOL_UDP);

  if (self->mappings[PLUM_PROTOCOL_TCP].decided && self->mappings[PLUM_PROTOCOL_UDP].decided)
    decide (self, TRUE);
}

void
doctor_trial_clear (DoctorTrial *self)
{
  g_clear_handle_id (&self->deadline_id, g_source_remove);
  doctor_proof_clear (&self->proof);
  for (guint i = 0; i < G_N_ELEMENTS (self->mappings); i++)
    {
      TrialMapping *trial = &self->mappings[i];

      if (trial->mapping != NULL)
        g_signal_handlers_disconnect_by_data (trial->mapping, self);
      g_clear_object (&trial->mapping);
      g_clear_object (&trial->socket);
      g_clear_object (&trial->hops);
      g_clear_error (&trial->upstream_error);
      g_clear_pointer (&trial->external_host, g_free);
      g_clear_pointer (&trial->backend, g_free);
      g_clear_error (&trial->error);
      g_clear_error (&trial->remove_error);
    }
  g_clear_object (&self->gateway);
  g_clear_object (&self->manager);
}

/* Whether the router answered that it did not map the port. */
static gboolean
doctor_trial_is_refused (const TrialMapping *mapping)
{
  return g_error_matches (mapping->error, PLUM_ERROR, PLUM_ERROR_REFUSED) ||
         g_error_matches (mapping->error, PLUM_ERROR, PLUM_ERROR_CONFLICT) ||
         g_error_matches (mapping->error, PLUM_ERROR, PLUM_ERROR_NO_RESOURCES) ||
         g_error_matches (mapping->error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED);
}

/* The router's table is decisive. Its answer to a delete is trusted only if the protocol has
 * nothing else. */
LeftBehind
doctor_trial_get_left_behind (const TrialMapping *mapping)
{
  if (mapping->after_remove == READBACK_THERE)
    return LEFT_BEHIND_YES;
  if (mapping->internal_port == 0)
    return LEFT_BEHIND_NO;
  if (!mapping->mapped)
    return (doctor_trial_is_refused (mapping) && mapping->after_map != READBACK_THERE) ||
               mapping->after_remove == READBACK_GONE
             ? LEFT_BEHIND_NO
             : LEFT_BEHIND_UNKNOWN;
  /* The table of the first router says nothing about the others. */
  if (mapping->remove_error != NULL && doctor_trial_count_hops (mapping) > 1)
    return LEFT_BEHIND_UNKNOWN;
  if (is_confirmed_by_answer (mapping))
    return mapping->remove_error == NULL ? LEFT_BEHIND_NO : LEFT_BEHIND_UNKNOWN;

  return mapping->after_remove == READBACK_GONE ? LEFT_BEHIND_NO : LEFT_BEHIND_UNKNOWN;
}

gboolean
doctor_trial_is_missing (const TrialMapping *mapping)
{
  return mapping->mapped && mapping->after_map == READBACK_GONE &&
         !is_confirmed_by_answer (mapping);
}

guint
doctor_trial_count_hops (const TrialMapping *mapping)
{
  return mapping->mapped && mapping->hops != NULL ? g_list_model_get_n_items (mapping->hops) : 0;
}

PlumHop *
doctor_trial_get_hop (const TrialMapping *mapping, guint position)
{
  return g_list_model_get_item (mapping->hops, position);
}

gboolean
doctor_trial_is_bypass (const TrialMapping *mapping, PlumGateway *gateway)
{
  GInetAddress *address = plum_gateway_get_address (gateway);
  g_autoptr (PlumHop) first = NULL;

  if (doctor_trial_count_hops (mapping) == 0 || address == NULL)
    return FALSE;

  first = doctor_trial_get_hop (mapping, 0);
  return !g_inet_address_equal (plum_hop_get_address (first), address);
}

gboolean
doctor_trial_is_chained (const TrialMapping *mapping, PlumGateway *gateway)
{
  return doctor_trial_count_hops (mapping) > 1 || doctor_trial_is_bypass (mapping, gateway);
}
