/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-lease-users-private.h"

#include "plum-port-choice-private.h"

gboolean
plum_lease_users_is_empty (const PlumLeaseUsers *self)
{
  return self->users == NULL;
}

GPtrArray *
plum_lease_users_copy (const PlumLeaseUsers *self)
{
  GPtrArray *users = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *l = self->users; l != NULL; l = l->next)
    g_ptr_array_add (users, g_object_ref (l->data));
  return users;
}

void
plum_lease_users_add (PlumLeaseUsers *self, PlumMapping *mapping, gpointer holder)
{
  self->users = g_slist_append (self->users, g_object_ref (mapping));
  plum_mapping_set_holder (mapping, holder);
}

PlumMapping *
plum_lease_users_remove (PlumLeaseUsers *self, PlumMapping *mapping)
{
  g_assert (g_slist_find (self->users, mapping) != NULL);

  self->users = g_slist_remove (self->users, mapping);
  plum_mapping_set_holder (mapping, NULL);
  return mapping;
}

void
plum_lease_users_destroy_all (PlumLeaseUsers *self)
{
  const PlumMappingUpdate update = { NULL };

  while (self->users != NULL)
    {
      g_autoptr (PlumMapping) mapping = plum_lease_users_remove (self, self->users->data);

      plum_mapping_handle (mapping, PLUM_MAPPING_GONE, &update);
    }
}

/* Returns why the user fails while the lease, or the request, serves other users; NULL if it does
 * not fail. (transfer full) (nullable) */
static GError *
plum_lease_users_refuse (const PlumLeaseUsers *self,
                         PlumMapping *user,
                         PlumMappingEvent event,
                         const PlumMappingUpdate *update)
{
  gboolean leased = update->lease != NULL;
  guint port = leased ? plum_lease_get_external_port (update->lease)
                      : plum_port_choice_get_required (self->users, 0);

  if ((!leased && event != PLUM_MAPPING_FAILED) || port == 0 ||
      plum_port_choice_is_met (user, port))
    return NULL;

  if (leased && update->upstream_error != NULL)
    return plum_port_choice_make_beyond_error (user, port, update->upstream_error);
  return plum_port_choice_make_shared_error (user, port, leased);
}

static void
plum_lease_users_notify_user (PlumLeaseUsers *self,
                              PlumMapping *user,
                              PlumMappingEvent event,
                              const PlumMappingUpdate *update)
{
  g_autoptr (GError) error = plum_lease_users_refuse (self, user, event, update);
  const PlumMappingUpdate refusal = { .error = error };

  if (error != NULL)
    plum_mapping_handle (user, PLUM_MAPPING_FAILED, &refusal);
  else
    plum_mapping_handle (user, event, update);
}

void
plum_lease_users_notify (PlumLeaseUsers *self,
                         PlumMappingEvent event,
                         const PlumMappingUpdate *update)
{
  for (GSList *l = self->users; l != NULL; l = l->next)
    plum_lease_users_notify_user (self, l->data, event, update);
}

void
plum_lease_users_add_releasing (PlumLeaseUsers *self, PlumMapping *mapping)
{
  self->releasing = g_slist_append (self->releasing, mapping);
}

void
plum_lease_users_finish_releasing (PlumLeaseUsers *self, const GError *error, gboolean left_before)
{
  g_autoslist (PlumMapping) releasing = g_steal_pointer (&self->releasing);
  const PlumMappingUpdate update = { .error = error, .left_before = left_before };

  for (GSList *l = releasing; l != NULL; l = l->next)
    plum_mapping_handle (l->data, PLUM_MAPPING_GONE, &update);
}
