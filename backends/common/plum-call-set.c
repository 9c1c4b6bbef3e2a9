/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-call-set.h"

struct _PlumCallSet
{
  GHashTable *calls; /* (element-type PlumCall) */
  PlumCallSetFunc emptied;
  gpointer user_data;
};

static void
release_call (gpointer data)
{
  g_autoptr (PlumCall) call = data;

  plum_call_set_cancelled_func (call, NULL, NULL);
}

static void
on_cancelled (PlumCall *call, gpointer user_data)
{
  PlumCallSet *self = user_data;

  g_hash_table_remove (self->calls, call);
  if (g_hash_table_size (self->calls) == 0 && self->emptied != NULL)
    self->emptied (self->user_data);
}

PlumCallSet *
plum_call_set_new (PlumCallSetFunc emptied, gpointer user_data)
{
  PlumCallSet *self = g_new0 (PlumCallSet, 1);

  self->calls = g_hash_table_new_full (NULL, NULL, release_call, NULL);
  self->emptied = emptied;
  self->user_data = user_data;
  return self;
}

void
plum_call_set_free (PlumCallSet *self)
{
  g_hash_table_unref (self->calls);
  g_free (self);
}

void
plum_call_set_add (PlumCallSet *self, PlumCall *call)
{
  if (plum_call_is_settled (call))
    return;

  plum_call_set_cancelled_func (call, on_cancelled, self);
  g_hash_table_add (self->calls, g_object_ref (call));
}

static GHashTable *
plum_call_set_steal (PlumCallSet *self)
{
  GHashTable *calls = g_steal_pointer (&self->calls);

  self->calls = g_hash_table_new_full (NULL, NULL, release_call, NULL);
  return calls;
}

void
plum_call_set_done (PlumCallSet *self)
{
  g_autoptr (GHashTable) calls = plum_call_set_steal (self);
  GHashTableIter iter;
  gpointer call;

  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    plum_call_return_done (call);
}

void
plum_call_set_address (PlumCallSet *self, GInetAddress *address)
{
  g_autoptr (GHashTable) calls = plum_call_set_steal (self);
  GHashTableIter iter;
  gpointer call;

  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    plum_call_return_address (call, address);
}

void
plum_call_set_fail (PlumCallSet *self, const GError *error)
{
  g_autoptr (GHashTable) calls = plum_call_set_steal (self);
  GHashTableIter iter;
  gpointer call;

  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, &call, NULL))
    plum_call_return_error (call, g_error_copy (error));
}
