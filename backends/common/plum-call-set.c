/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plum-call-set.h"

struct _PlumCallSet
{
  GHashTable *calls; /* GCancellable (borrowed) -> Member */
  PlumCallSetFunc emptied;
  gpointer user_data;
};

typedef struct
{
  PlumCall *call;
  gulong cancel_id;
} Member;

static void
member_free (gpointer data)
{
  Member *member = data;

  /* g_cancellable_disconnect () would wait for itself within the handler. */
  g_signal_handler_disconnect (plum_call_get_cancellable (member->call), member->cancel_id);
  g_object_unref (member->call);
  g_free (member);
}

static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  PlumCallSet *self = user_data;

  g_hash_table_remove (self->calls, cancellable);
  if (g_hash_table_size (self->calls) == 0 && self->emptied != NULL)
    self->emptied (self->user_data);
}

PlumCallSet *
plum_call_set_new (PlumCallSetFunc emptied, gpointer user_data)
{
  PlumCallSet *self = g_new0 (PlumCallSet, 1);

  self->calls = g_hash_table_new_full (NULL, NULL, NULL, member_free);
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
  GCancellable *cancellable = plum_call_get_cancellable (call);
  Member *member;

  if (g_cancellable_is_cancelled (cancellable))
    return;

  member = g_new0 (Member, 1);
  member->call = g_object_ref (call);
  member->cancel_id = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), self);
  g_hash_table_insert (self->calls, cancellable, member);
}

static GHashTable *
plum_call_set_steal (PlumCallSet *self)
{
  GHashTable *calls = g_steal_pointer (&self->calls);

  self->calls = g_hash_table_new_full (NULL, NULL, NULL, member_free);
  return calls;
}

void
plum_call_set_done (PlumCallSet *self)
{
  g_autoptr (GHashTable) calls = plum_call_set_steal (self);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    plum_call_return_done (((Member *) value)->call);
}

void
plum_call_set_address (PlumCallSet *self, GInetAddress *address)
{
  g_autoptr (GHashTable) calls = plum_call_set_steal (self);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    plum_call_return_address (((Member *) value)->call, address);
}

void
plum_call_set_fail (PlumCallSet *self, const GError *error)
{
  g_autoptr (GHashTable) calls = plum_call_set_steal (self);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, calls);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    plum_call_return_error (((Member *) value)->call, g_error_copy (error));
}
