/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-gateway-query-private.h"

#include <glib/gi18n-lib.h>

struct _PlumGatewayQuery
{
  PlumRace *race; /* borrowed */
  PlumCallKind kind;
  PlumEntry *entry;     /* (nullable) */
  PlumRequest *request; /* (nullable): to unmap */
  const PlumSettings *settings;
  PlumGatewayQueryFunc func;
  gpointer user_data;

  guint next;        /* the place in the order of the query to ask next */
  GError *error;     /* (nullable): the most significant one so far */
  GError *not_found; /* (nullable): a backend found nothing to delete */
  PlumCall *call;    /* (nullable) */
};

static void plum_gateway_query_ask_next (PlumGatewayQuery *self);

static void
plum_gateway_query_free (PlumGatewayQuery *self)
{
  g_clear_object (&self->call);
  g_clear_object (&self->entry);
  g_clear_object (&self->request);
  g_clear_error (&self->error);
  g_clear_error (&self->not_found);
  g_free (self);
}

PlumGatewayQuery *
plum_gateway_query_new (PlumRace *race,
                        PlumCallKind kind,
                        PlumEntry *entry,
                        const PlumSettings *settings,
                        PlumGatewayQueryFunc func,
                        gpointer user_data)
{
  PlumGatewayQuery *self = g_new0 (PlumGatewayQuery, 1);

  self->race = race;
  self->kind = kind;
  g_set_object (&self->entry, entry);
  self->settings = settings;
  self->func = func;
  self->user_data = user_data;
  return self;
}

void
plum_gateway_query_set_request (PlumGatewayQuery *self, PlumRequest *request)
{
  g_set_object (&self->request, request);
}

/* A backend that reads the table has failed to delete the entry, or has found that of another host:
 * the confirmation of another backend would be worth less. */
static gboolean
plum_gateway_query_is_final (PlumGatewayQuery *self, const GError *error)
{
  return self->kind == PLUM_CALL_DELETE_ENTRY &&
         self->next <= plum_race_get_n_candidates (self->race) &&
         !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED) &&
         !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED);
}

static void
on_gateway_query_answered (PlumCall *call, gpointer user_data)
{
  PlumGatewayQuery *self = user_data;
  const GError *error = plum_call_get_error (call);

  if (error == NULL || plum_gateway_query_is_final (self, error))
    {
      /* A backend that can look has found nothing: the others confirm that in any case. */
      const GError *result = error != NULL ? error : self->not_found;

      self->func (call, result, self->user_data);
      plum_gateway_query_free (self);
      return;
    }

  if (self->not_found == NULL && g_error_matches (error, PLUM_ERROR, PLUM_ERROR_DESTROYED))
    self->not_found = g_error_copy (error);

  /* A failure takes precedence over NOT_SUPPORTED. */
  if (self->error == NULL || !g_error_matches (error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED))
    {
      g_clear_error (&self->error);
      self->error = g_error_copy (error);
    }
  g_clear_object (&self->call);
  plum_gateway_query_ask_next (self);
}

/* Whether a backend that only unmaps may be asked next: the others have deleted nothing, and none
 * of them has failed. */
static gboolean
plum_gateway_query_may_unmap (PlumGatewayQuery *self)
{
  return self->request != NULL &&
         (self->error == NULL ||
          g_error_matches (self->error, PLUM_ERROR, PLUM_ERROR_NOT_SUPPORTED) ||
          g_error_matches (self->error, PLUM_ERROR, PLUM_ERROR_DESTROYED));
}

/* How often each candidate comes in the order of the query. */
static guint
plum_gateway_query_get_n_rounds (PlumGatewayQuery *self)
{
  if (self->kind != PLUM_CALL_DELETE_ENTRY)
    return 1;

  return plum_gateway_query_may_unmap (self) ? 3 : 2;
}

/* A backend that cannot read the table confirms the deletion of an entry that was not there: for a
 * delete, those that can read it come first. Those that can only unmap come last. */
static gboolean
plum_gateway_query_is_of_round (PlumGatewayQuery *self, PlumBackend *backend, guint round)
{
  if (self->kind != PLUM_CALL_DELETE_ENTRY)
    return TRUE;
  if (round == 2)
    return !plum_backend_can_delete_entry (backend);

  return plum_backend_can_list (backend) == (round == 0);
}

/* The candidate at or after next in the order of the query. */
static gboolean
plum_gateway_query_pick (PlumGatewayQuery *self, guint *index)
{
  const guint n = plum_race_get_n_candidates (self->race);

  for (; self->next < n * plum_gateway_query_get_n_rounds (self); self->next++)
    {
      guint i = self->next % n;

      if (!plum_gateway_query_is_of_round (self, plum_race_get_candidate (self->race, i)->backend,
                                           self->next / n) ||
          plum_race_pick (self->race, i, NULL, index) != PLUM_PICK_READY || *index != i)
        continue;

      self->next++;
      return TRUE;
    }

  return FALSE;
}

static void
plum_gateway_query_ask_next (PlumGatewayQuery *self)
{
  const PlumCallArgs args = { .entry = self->entry, .request = self->request };
  guint index;

  if (plum_gateway_query_pick (self, &index))
    {
      PlumCallKind kind =
        self->next > 2 * plum_race_get_n_candidates (self->race) ? PLUM_CALL_UNMAP : self->kind;

      plum_backend_start_call (&self->call, plum_race_get_candidate (self->race, index)->backend,
                               kind, &args, self->settings->mapping_timeout,
                               on_gateway_query_answered, self);
      return;
    }

  if (self->error == NULL)
    g_set_error_literal (&self->error, PLUM_ERROR, PLUM_ERROR_NO_BACKEND,
                         _ ("No backend supports this gateway"));
  self->func (NULL, self->error, self->user_data);
  plum_gateway_query_free (self);
}

void
plum_gateway_query_start (PlumGatewayQuery *self)
{
  plum_gateway_query_ask_next (self);
}

void
plum_gateway_query_cancel (PlumGatewayQuery *self)
{
  if (self->call != NULL)
    plum_call_cancel (self->call);
  plum_gateway_query_free (self);
}

typedef struct
{
  PlumBackend *backend;
  PlumBackendAddressFunc func;
  gpointer user_data;
} AddressQuery;

static void
on_address_answered (PlumCall *call, gpointer user_data)
{
  g_autofree AddressQuery *query = user_data;
  g_autoptr (PlumBackend) backend = query->backend;

  if (plum_call_get_address (call) != NULL)
    query->func (backend, plum_call_get_address (call), query->user_data);
}

void
plum_gateway_query_backend_address (PlumBackend *backend,
                                    guint timeout_ms,
                                    PlumBackendAddressFunc func,
                                    gpointer user_data)
{
  AddressQuery *query = g_new0 (AddressQuery, 1);

  query->backend = g_object_ref (backend);
  query->func = func;
  query->user_data = user_data;
  g_object_unref (plum_backend_call (backend, PLUM_CALL_GET_EXTERNAL_ADDRESS, NULL, timeout_ms,
                                     on_address_answered, query));
}
